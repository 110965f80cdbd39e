using System;
using System.Runtime.InteropServices;

namespace Unmask {

/// <summary>Owner of a native object. It is freed when disposed of, or collected, and no call is in it.</summary>
internal abstract class NativeHandle : SafeHandle {
  protected NativeHandle(IntPtr pointer, bool owned) : base(IntPtr.Zero, owned) {
    SetHandle(pointer);
  }

  public override bool IsInvalid => handle == IntPtr.Zero;
}

}
