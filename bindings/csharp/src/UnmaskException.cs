using System;

namespace Unmask {

/// <summary>A call failed. The message says what is wrong, where, and what to do; Status is of what kind it is.</summary>
public class UnmaskException : Exception {
  public Status Status { get; }

  internal UnmaskException(Status status, string sentence) : base(sentence) {
    Status = status;
  }
}

}
