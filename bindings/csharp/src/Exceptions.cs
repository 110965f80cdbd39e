using System.Runtime.InteropServices;

namespace Unmask {

/// <summary>Turns failures of the native library into exceptions that the generated code throws.</summary>
internal sealed class Exceptions {
  private delegate void Raise(int status, string sentence);

  [DllImport("unmask_csharp", EntryPoint = "Unmask_SetRaise")]
  private static extern void SetRaise(Raise callback);

  private readonly Raise callback = (status, sentence) =>
      LibraryPINVOKE.SWIGPendingException.Set(new UnmaskException((Status)status, sentence));

  // The native library has the callback only as long as this object lives.
  internal static Exceptions Register() {
    var made = new Exceptions();
    SetRaise(made.callback);
    return made;
  }
}

}
