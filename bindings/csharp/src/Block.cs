using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;

namespace Unmask {

/// <summary>Arrays on their way to and from the native library. A block is two counts of 64 bits, then values; taking
/// one frees it. Arrays that go the other way have their length in front.</summary>
internal static class Block {
  private const int HeaderBytes = 16;

  [DllImport("unmask_csharp", EntryPoint = "Unmask_Free")]
  private static extern void Free(IntPtr block);

  private static T Take<T>(IntPtr block, Func<int, int, IntPtr, T> read) {
    try {
      return read((int)Marshal.ReadInt64(block), (int)Marshal.ReadInt64(block, 8), block + HeaderBytes);
    } finally {
      Free(block);
    }
  }

  internal static int[] TakeInts(IntPtr block) => Take(block, (rows, columns, values) => {
    var result = new int[rows];
    Marshal.Copy(values, result, 0, rows);
    return result;
  });

  internal static int[,] TakeTokens(IntPtr block) => Take(block, (rows, columns, values) => {
    var flat = new int[rows * columns];
    Marshal.Copy(values, flat, 0, flat.Length);
    var result = new int[rows, columns];
    Buffer.BlockCopy(flat, 0, result, 0, flat.Length * sizeof(int));
    return result;
  });

  internal static float[,] TakeFloats(IntPtr block) => Take(block, (rows, columns, values) => {
    var flat = new float[rows * columns];
    Marshal.Copy(values, flat, 0, flat.Length);
    var result = new float[rows, columns];
    Buffer.BlockCopy(flat, 0, result, 0, flat.Length * sizeof(float));
    return result;
  });

  internal static IReadOnlyList<T> TakeObjects<T>(IntPtr block, Func<IntPtr, T> make) =>
      Take(block, (rows, columns, values) => {
        var pointers = new IntPtr[rows];
        Marshal.Copy(values, pointers, 0, rows);
        return Array.AsReadOnly(Array.ConvertAll(pointers, pointer => make(pointer)));
      });

  /// <summary>UTF-8 texts, each ended by a NUL.</summary>
  internal static IReadOnlyList<string> TakeTexts(IntPtr block) => Take(block, (rows, columns, values) => {
    var bytes = new byte[rows];
    Marshal.Copy(values, bytes, 0, rows);
    string[] texts = Encoding.UTF8.GetString(bytes).Split('\0');
    return new ArraySegment<string>(texts, 0, texts.Length - 1);
  });

  internal static int[] Counted(int[] values) {
    if (values == null) throw new ArgumentNullException("tokens");
    var result = new int[values.Length + 1];
    result[0] = values.Length;
    values.CopyTo(result, 1);
    return result;
  }
}

}
