package org.unmask;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;

/** Events of a decoder for one subscriber, as many as it asks for, from a thread of their own. */
final class EventPublisher implements Flow.Publisher<Event> {
  private final Decoder decoder;
  private boolean subscribed;

  EventPublisher(Decoder decoder) {
    this.decoder = decoder;
  }

  @Override
  public synchronized void subscribe(Flow.Subscriber<? super Event> subscriber) {
    boolean first = !subscribed;
    subscribed = true;
    Stream stream = new Stream(decoder, subscriber);
    subscriber.onSubscribe(stream);
    if (!first) stream.fail(new IllegalStateException("A decoder's events go to one subscriber."));
  }

  private static final class Stream implements Flow.Subscription {
    private final Decoder decoder;
    private final Flow.Subscriber<? super Event> subscriber;
    private final EventIterator events;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(Stream::daemon);
    private volatile boolean over;

    Stream(Decoder decoder, Flow.Subscriber<? super Event> subscriber) {
      this.decoder = decoder;
      this.subscriber = subscriber;
      this.events = new EventIterator(decoder);
    }

    private static Thread daemon(Runnable work) {
      Thread thread = new Thread(work, "unmask-events");
      thread.setDaemon(true);
      return thread;
    }

    @Override
    public synchronized void request(long count) {
      if (over) return;
      thread.execute(() -> {
        if (count > 0) deliver(count);
        else fail(new IllegalArgumentException("A subscriber asks for at least one event, not " + count + "."));
      });
    }

    @Override
    public synchronized void cancel() {
      if (over) return;
      end();
      if (!decoder.isClosed()) decoder.cancel();
    }

    private void deliver(long count) {
      try {
        for (long i = 0; i < count && !over; ++i) {
          if (!events.hasNext()) {
            complete();
            return;
          }
          Event event = events.next();
          if (!over) subscriber.onNext(event);
        }
      } catch (RuntimeException e) {
        fail(e);
      }
    }

    private synchronized boolean end() {
      if (over) return false;
      over = true;
      thread.shutdown();
      return true;
    }

    private void complete() {
      if (end()) subscriber.onComplete();
    }

    private void fail(RuntimeException cause) {
      if (end()) subscriber.onError(cause);
    }
  }
}
