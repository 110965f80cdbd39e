package org.unmask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The end-to-end test that Python and C# have as well: one test per property, in the same order. */
class EndToEndTest {
  private static final Path MODELS = Path.of(System.getenv("UNMASK_REPOSITORY"), "examples/models/word-problems");
  private static final String QUESTION = "Tom has 3 apples. He buys 4 more. How many apples does Tom have now?";
  private static final String ANSWER = "3 + 4 = 7. The answer is 7.";

  private static Device device;
  private static Model model;

  @BeforeAll
  static void open() {
    device = new Device();
    model = new Model(device, MODELS.resolve("verifier").toString());
  }

  @AfterAll
  static void close() {
    model.close();
    device.close();
  }

  // An unanswered question with 32 masks.
  private static Session question() {
    return question(model);
  }

  private static Session question(Model asked) {
    try (Options options = new Options().set("length", 32).set("steps", 16).set("draft_length", 3)) {
      Session session = new Session(asked, options);
      session.setChat(QUESTION);
      return session;
    }
  }

  private static long residentBytes() throws IOException {
    return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * 4096;
  }

  @Test
  void bothBundledModelsLoadAndTheVerifierAnswers() {
    try (Model drafter = new Model(device, MODELS.resolve("drafter").toString())) {
      assertTrue(drafter.getInfo().getLayers() < model.getInfo().getLayers());
      assertEquals(model.getInfo().getVocabulary(), drafter.getInfo().getVocabulary());
    }
    try (Session session = new Session(model, new Options().set("length", 32))) {
      session.setChat(QUESTION);
      try (Decoder decoder = session.decode()) {
        assertTrue(decoder.run().getFinished());
      }
      assertEquals(ANSWER, session.getText());
    }
  }

  @Test
  void eventsSayWhatTheCanvasBecame() {
    try (Session session = question(); Decoder decoder = session.decode()) {
      int[] canvas = session.getTokens();
      for (Event event : decoder) {
        assertEquals(EventKind.COMMITTED, event.getKind());
        assertEquals(canvas[event.getPosition()], event.getPrevious());
        canvas[event.getPosition()] = event.getToken();
      }
      assertEquals(0, session.getMasksLeft());
      int[] tokens = session.getTokens();
      for (int i = 0; i < tokens.length; ++i) { // the masks left were filled because the text had ended
        if (canvas[i] != model.getInfo().getMaskToken()) assertEquals(tokens[i], canvas[i]);
      }
    }
  }

  private static long count(List<Event> events, EventKind kind) {
    return events.stream().filter(event -> event.getKind() == kind).count();
  }

  @Test
  void aDraftedDecodeWritesWhatTheVerifierWritesAlone() {
    try (Model drafter = new Model(device, MODELS.resolve("drafter").toString());
        Session alone = question(model);
        Session verified = question(model);
        Session drafting = question(drafter)) {
      try (Decoder decoder = alone.decode()) {
        decoder.run();
      }
      List<Event> events = new ArrayList<>();
      try (Decoder decoder = verified.decode("exact", drafting)) {
        for (Event event : decoder) events.add(event);
      }
      assertArrayEquals(alone.getTokens(), verified.getTokens());
      Statistics cost = verified.getStatistics();
      assertEquals(cost.getDrafted(), count(events, EventKind.DRAFTED));
      assertEquals(cost.getAccepted(), count(events, EventKind.ACCEPTED));
      assertTrue(0 < cost.getAccepted() && cost.getAccepted() <= cost.getDrafted());
      for (Event event : events) {
        assertEquals(event.getKind() == EventKind.REJECTED, event.getReason() != Reason.NONE);
      }
      assertTrue(cost.getForwardPasses() < alone.getStatistics().getForwardPasses());
    }
  }

  @Test
  void aCancelledDecoderRefusesFurtherStepsAndKeepsWhatWasCommitted() {
    try (Session session = question()) {
      int left;
      try (Decoder decoder = session.decode()) {
        left = decoder.step().getMasksLeft();
        decoder.cancel();
        UnmaskException refused = assertThrows(UnmaskException.class, decoder::step);
        assertEquals(Status.CANCELLED, refused.getStatus());
      }
      assertTrue(left > 0);
      assertEquals(left, session.getMasksLeft());
    }
  }

  @Test
  void closedObjectsThrow() {
    Session session = question();
    Decoder decoder = session.decode();
    decoder.close();
    decoder.close();
    UnmaskException refused = assertThrows(UnmaskException.class, decoder::step);
    assertEquals("The decoder is closed.", refused.getMessage());
    assertEquals(Status.WRONG_STATE, refused.getStatus());
    session.close();
    assertEquals("The session is closed.", assertThrows(UnmaskException.class, session::decode).getMessage());
  }

  @Test
  void aBadModelPathThrowsWithTheSentenceOfTheCInterface() {
    UnmaskException refused = assertThrows(UnmaskException.class, () -> new Model(device, "/nowhere"));
    assertEquals("There is no file /nowhere/config.json.", refused.getMessage());
    assertEquals(Status.NOT_FOUND, refused.getStatus());
  }

  private static void cycle() {
    try (Options options = new Options().set("length", 2);
        Session session = new Session(model, options)) {
      session.setTokens(new int[] {1, 2, 3});
      try (Decoder decoder = session.decode()) {
        decoder.step();
      }
    }
  }

  @Test
  void cyclesOfCreatingAndClosingDoNotGrowMemory() throws IOException {
    for (int i = 0; i < 40; ++i) cycle();
    System.gc();
    long before = residentBytes();
    for (int i = 0; i < 200; ++i) cycle();
    System.gc();
    long grown = residentBytes() - before;
    assertTrue(grown < 8 << 20, grown + " bytes"); // the JVM's own heap breathes
  }

  private static int[] write(int seed) {
    try (Options options = new Options().set("length", 12).set("temperature", 1.0).set("seed", seed);
        Session session = new Session(model, options)) {
      session.setTokens(new int[] {seed, 5, 9});
      try (Decoder decoder = session.decode()) {
        decoder.run();
      }
      return session.getTokens();
    }
  }

  @Test
  void twoDecodersOnTwoThreadsWriteWhatTheyWriteAlone() {
    Map<Integer, int[]> alone = new HashMap<>();
    for (int seed : new int[] {1, 2}) alone.put(seed, write(seed));
    var first = CompletableFuture.supplyAsync(() -> write(1));
    var second = CompletableFuture.supplyAsync(() -> write(2));
    assertArrayEquals(alone.get(1), first.join());
    assertArrayEquals(alone.get(2), second.join());
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
  }

  @Test
  void aCallAddsLessThan5PercentToAStep() {
    List<Double> overheads = new ArrayList<>();
    List<Double> steps = new ArrayList<>();
    try (Session session = question(); Decoder decoder = session.decode()) {
      double inside = 0;
      for (boolean finished = false; !finished;) {
        long start = System.nanoTime();
        Progress progress = decoder.step();
        double around = (System.nanoTime() - start) * 1e-9;
        steps.add(progress.getSeconds() - inside); // what the C interface took
        overheads.add(around - steps.get(steps.size() - 1));
        inside = progress.getSeconds();
        finished = progress.getFinished();
      }
    }
    System.out.printf("%.0f us of %.1f ms%n", median(overheads) * 1e6, median(steps) * 1e3);
    assertTrue(median(overheads) < 0.05 * median(steps));
  }
}
