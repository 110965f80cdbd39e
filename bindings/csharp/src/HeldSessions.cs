using System;
using System.Collections.Generic;

namespace Unmask {

/// <summary>Pointers of several sessions, whose handles are held until this is disposed of.</summary>
internal sealed class HeldSessions : IDisposable {
  private readonly List<NativeHandle> held = new List<NativeHandle>();

  internal long[] Pointers { get; }

  internal HeldSessions(IEnumerable<Session> sessions) {
    try {
      var pointers = new List<long> { 0 };
      foreach (Session session in sessions) pointers.Add(Hold(Session.getCPtr(session)));
      pointers[0] = held.Count;
      Pointers = pointers.ToArray();
    } catch {
      Dispose();
      throw;
    }
  }

  private long Hold(NativeHandle handle) {
    if (handle == null) throw new ArgumentNullException("sessions", "A session of the list is null.");
    bool added = false;
    handle.DangerousAddRef(ref added);
    held.Add(handle);
    return (long)handle.DangerousGetHandle();
  }

  public void Dispose() {
    held.ForEach(handle => handle.DangerousRelease());
    held.Clear();
  }
}

}
