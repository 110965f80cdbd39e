package org.unmask;

import java.util.Iterator;
import java.util.NoSuchElementException;

/** Events of a decoder, which is stepped whenever none is waiting. */
final class EventIterator implements Iterator<Event> {
  private final Decoder decoder;
  private boolean finished;
  private Event next;

  EventIterator(Decoder decoder) {
    this.decoder = decoder;
  }

  @Override
  public boolean hasNext() {
    while (next == null) {
      next = decoder.nextEvent();
      if (next != null) return true;
      if (finished) return false;
      finished = decoder.step().getFinished();
    }
    return true;
  }

  @Override
  public Event next() {
    if (!hasNext()) throw new NoSuchElementException("The decoder has finished.");
    Event taken = next;
    next = null;
    return taken;
  }
}
