package org.unmask;

import java.nio.charset.StandardCharsets;

/** A call failed. The message says what is wrong, where, and what to do; the status is of what kind it is. */
public class UnmaskException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Status status;

  // Called by the native library, with the sentence in UTF-8.
  UnmaskException(int status, byte[] sentence) {
    super(new String(sentence, StandardCharsets.UTF_8));
    this.status = Status.swigToEnum(status);
  }

  public Status getStatus() {
    return status;
  }
}
