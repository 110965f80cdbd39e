package org.unmask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What only Java has: UTF-16 texts, lists, publishers, and a garbage collector that comes when it likes. */
class JavaTest {
  private static Model model;

  @BeforeAll
  static void open() {
    model = new Model(new Device(),
        Path.of(System.getenv("UNMASK_REPOSITORY"), "examples/models/word-problems/verifier").toString());
  }

  private static Session session(int length) {
    Session session = new Session(model, new Options().set("length", length));
    session.setTokens(new int[] {1, 2, 3});
    return session;
  }

  // Asks for `batch` events at a time, and cancels after `most`.
  private static final class Collector implements Flow.Subscriber<Event> {
    final List<Integer> positions = new ArrayList<>();
    final CompletableFuture<List<Integer>> all = new CompletableFuture<>();
    private final int batch;
    private final int most;
    private Flow.Subscription subscription;

    Collector(int batch, int most) {
      this.batch = batch;
      this.most = most;
    }

    @Override
    public void onSubscribe(Flow.Subscription made) {
      subscription = made;
      subscription.request(batch);
    }

    @Override
    public void onNext(Event event) {
      positions.add(event.getPosition());
      if (positions.size() == most) {
        subscription.cancel();
        all.complete(positions);
      } else if (positions.size() % batch == 0) {
        subscription.request(batch);
      }
    }

    @Override
    public void onError(Throwable cause) {
      all.completeExceptionally(cause);
    }

    @Override
    public void onComplete() {
      all.complete(positions);
    }
  }

  @Test
  void textOutsideTheBasicPlaneSurvives() {
    String text = "naïve 🙂 日本";
    assertEquals(text, model.detokenize(model.tokenize(text)));
  }

  @Test
  void conversationsArePrompts() {
    try (Messages messages = new Messages().add("user", "1 + 1").add("assistant", "2").add("user", "2 + 2")) {
      int[] expected = model.tokenize("<|user|>1 + 1<|eot|><|assistant|>2<|eot|><|user|>2 + 2<|eot|><|assistant|>");
      assertArrayEquals(expected, model.tokenizeMessages(messages));
      Session session = new Session(model);
      session.setMessages(messages);
      assertEquals(expected.length, session.getPromptLength());
      assertThrows(UnmaskException.class, () -> messages.add("tool", "x"));
    }
  }

  @Test
  void nullIsRefused() {
    assertThrows(NullPointerException.class, () -> model.tokenize(null));
    assertThrows(NullPointerException.class, () -> model.detokenize(null));
    assertThrows(NullPointerException.class, () -> new Session(null));
  }

  @Test
  void tablesAreLists() {
    assertTrue(Unmask.strategies().contains("vanilla"));
    assertFalse(Unmask.devices().get(0).getFeatures().get(0).getReason().isEmpty());
    OptionInfo cache = Unmask.optionTable().stream().filter(o -> o.getName().equals("cache")).findFirst().orElseThrow();
    assertEquals(OptionKind.TEXT, cache.getKind());
    assertTrue(cache.getChoices().contains("dual"));
  }

  @Test
  void logitsAreRowsByVocabulary() {
    float[][] logits = model.logits(new int[] {1, 2, 3});
    assertEquals(3, logits.length);
    assertEquals(model.getInfo().getVocabulary(), logits[0].length);
  }

  @Test
  void aSubscriberGetsEveryEventAsItAsks() {
    List<Integer> expected = new ArrayList<>();
    try (Decoder decoder = session(8).decode()) {
      for (Event event : decoder) expected.add(event.getPosition());
    }
    try (Decoder decoder = session(8).decode()) {
      Collector collector = new Collector(3, Integer.MAX_VALUE);
      decoder.publisher().subscribe(collector);
      assertEquals(expected, collector.all.join());
    }
  }

  @Test
  void aSubscriberThatCancelsCancelsTheDecoder() {
    try (Decoder decoder = session(8).decode()) {
      Collector collector = new Collector(1, 2);
      decoder.publisher().subscribe(collector);
      assertEquals(2, collector.all.join().size());
      assertEquals(Status.CANCELLED, assertThrows(UnmaskException.class, decoder::run).getStatus());
    }
  }

  @Test
  void severalSessionsGoTogether() {
    Session first = session(4);
    Session second = session(6);
    try (Decoder decoder = new Decoder(List.of(first, second))) {
      assertEquals(10, decoder.run().getMasksTotal());
    }
  }

  @Test
  void whatIsInUseIsNotCollected() {
    for (int i = 0; i < 20; ++i) {
      Decoder decoder = new Decoder(List.of(session(2)), "exact", List.of(session(2)));
      System.gc();
      assertTrue(decoder.run().getFinished());
      assertTrue(decoder.getExplanation().contains("draft"), decoder.getExplanation());
    }
  }

  @Test
  void strategiesSayWhetherTheyTakeDrafters() {
    assertEquals(DrafterUse.REQUIRED, Unmask.strategyDrafterUse("exact"));
    assertEquals(DrafterUse.UNUSED, Unmask.strategyDrafterUse("self-draft"));
    List<Session> two = List.of(session(2), session(2));
    UnmaskException refused = assertThrows(UnmaskException.class,
        () -> new Decoder(two, "exact", List.of(session(2))));
    assertEquals("Each session needs a drafter of its own.", refused.getMessage());
  }

  @Test
  void gapsAreFilledAndPinsStay() {
    int mask = model.getInfo().getMaskToken();
    try (Session session = new Session(model)) {
      session.setCanvas(new int[] {7, 8, mask, mask, 9, mask}, 2);
      session.pin(4);
      int[][] predicted = session.predict(new int[] {2, 3, 5}, 4).getTokens();
      assertEquals(3, predicted.length);
      assertEquals(4, predicted[0].length);
      assertEquals(3, session.getMasksLeft());
      try (Decoder decoder = session.decode()) {
        decoder.run();
      }
      assertTrue(session.pinned(4));
      assertEquals(9, session.getTokens()[4]);
      assertThrows(UnmaskException.class, () -> session.mask(4, 1));
      session.mask(5, 1);
      assertEquals(1, session.getMasksLeft());
    }
  }
}
