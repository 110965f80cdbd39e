using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace Unmask.Tests {

/// <summary>What the tests share: the bundled verifier, and a question that it can answer.</summary>
public static class Bundled {
  public const string Question = "Tom has 3 apples. He buys 4 more. How many apples does Tom have now?";

  public static readonly Device Device = new Device();
  public static readonly Model Model = new Model(Device, PathOf("verifier"));

  public static string PathOf(string model) =>
      Path.Combine(Environment.GetEnvironmentVariable("UNMASK_REPOSITORY"), "examples/models/word-problems", model);

  /// <summary>An unanswered question with 32 masks.</summary>
  public static Session Ask(int steps = 16) => Ask(Model, steps);

  public static Session Ask(Model model, int steps = 16) {
    using (Options options = new Options().Set("length", 32).Set("steps", steps).Set("draft_length", 3)) {
      var session = new Session(model, options);
      session.SetChat(Question);
      return session;
    }
  }
}

/// <summary>The end-to-end test that Python and Java have as well: one test per property, in the same order.</summary>
public class EndToEnd {
  [Test]
  public void BothBundledModelsLoadAndTheVerifierAnswers() {
    using (var drafter = new Model(Bundled.Device, Bundled.PathOf("drafter"))) {
      Check.That(drafter.Info.Layers < Bundled.Model.Info.Layers, "a drafter of fewer layers");
      Check.Equal(Bundled.Model.Info.Vocabulary, drafter.Info.Vocabulary);
    }
    using (Session session = Bundled.Ask(32)) {
      using (Decoder decoder = session.Decode()) Check.That(decoder.Run().Finished, "the end");
      Check.Equal("3 + 4 = 7. The answer is 7.", session.Text);
    }
  }

  [Test]
  public void EventsSayWhatTheCanvasBecame() {
    using (Session session = Bundled.Ask())
    using (Decoder decoder = session.Decode()) {
      int[] canvas = session.GetTokens();
      foreach (Event next in decoder) {
        Check.Equal(EventKind.Committed, next.Kind);
        Check.Equal(canvas[next.Position], next.Previous);
        canvas[next.Position] = next.Token;
      }
      Check.Equal(0, session.MasksLeft);
      int mask = Bundled.Model.Info.MaskToken;  // what is left of it was filled because the text had ended
      Check.That(session.GetTokens().Zip(canvas, (now, said) => said == mask || said == now).All(same => same),
                 "the canvas that the events say");
    }
  }

  [Test]
  public void ADraftedDecodeWritesWhatTheVerifierWritesAlone() {
    using (var drafter = new Model(Bundled.Device, Bundled.PathOf("drafter")))
    using (Session alone = Bundled.Ask(), verified = Bundled.Ask(), drafting = Bundled.Ask(drafter)) {
      using (Decoder decoder = alone.Decode()) decoder.Run();
      List<Event> events;
      using (Decoder decoder = verified.Decode("exact", drafting)) events = decoder.ToList();
      Check.That(alone.GetTokens().SequenceEqual(verified.GetTokens()), "the same tokens");
      Statistics cost = verified.Statistics;
      Check.Equal(cost.Drafted, events.LongCount(next => next.Kind == EventKind.Drafted));
      Check.Equal(cost.Accepted, events.LongCount(next => next.Kind == EventKind.Accepted));
      Check.That(0 < cost.Accepted && cost.Accepted <= cost.Drafted, "drafts, some of them accepted");
      Check.That(events.All(next => (next.Kind == EventKind.Rejected) == (next.Reason != Reason.None)), "reasons");
      Check.That(cost.ForwardPasses < alone.Statistics.ForwardPasses, "fewer passes");
    }
  }

  [Test]
  public void ACancelledDecoderRefusesFurtherStepsAndKeepsWhatWasCommitted() {
    using (Session session = Bundled.Ask()) {
      int left;
      using (Decoder decoder = session.Decode()) {
        left = decoder.Step().MasksLeft;
        decoder.Cancel();
        Check.Equal(Status.Cancelled, Check.Throws<UnmaskException>(() => decoder.Step()).Status);
      }
      Check.That(left > 0, "masks left");
      Check.Equal(left, session.MasksLeft);
    }
  }

  [Test]
  public void DisposedObjectsThrow() {
    Session session = Bundled.Ask();
    Decoder decoder = session.Decode();
    decoder.Dispose();
    decoder.Dispose();
    Check.Throws<ObjectDisposedException>(() => decoder.Step());
    session.Dispose();
    Check.Throws<ObjectDisposedException>(() => session.Decode());
    Check.Throws<ObjectDisposedException>(() => new Decoder(new[] { session }));
  }

  [Test]
  public void ABadModelPathThrowsWithTheSentenceOfTheCInterface() {
    UnmaskException refused = Check.Throws<UnmaskException>(() => new Model(Bundled.Device, "/nowhere"));
    Check.Equal("There is no file /nowhere/config.json.", refused.Message);
    Check.Equal(Status.NotFound, refused.Status);
  }

  private static void Cycle() {
    using (Options options = new Options().Set("length", 2))
    using (var session = new Session(Bundled.Model, options)) {
      session.SetTokens(new[] { 1, 2, 3 });
      using (Decoder decoder = session.Decode()) decoder.Step().Dispose();
    }
  }

  private static long ResidentBytes() => long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1]) * 4096;

  [Test]
  public void CyclesOfCreatingAndDisposingDoNotGrowMemory() {
    for (int i = 0; i < 40; ++i) Cycle();
    GC.Collect();
    long before = ResidentBytes();
    for (int i = 0; i < 200; ++i) Cycle();
    GC.Collect();
    long grown = ResidentBytes() - before;
    Check.That(grown < 8 << 20, $"no growth, but {grown} bytes");  // Mono's own heap breathes
  }

  private static int[] Write(int seed) {
    using (Options options = new Options().Set("length", 12).Set("temperature", 1.0).Set("seed", seed))
    using (var session = new Session(Bundled.Model, options)) {
      session.SetTokens(new[] { seed, 5, 9 });
      using (Decoder decoder = session.Decode()) decoder.Run();
      return session.GetTokens();
    }
  }

  [Test]
  public void TwoDecodersOnTwoThreadsWriteWhatTheyWriteAlone() {
    int[][] alone = { Write(1), Write(2) };
    Task<int[]>[] together = { Task.Run(() => Write(1)), Task.Run(() => Write(2)) };
    for (int i = 0; i < 2; ++i) Check.That(alone[i].SequenceEqual(together[i].Result), "the same tokens");
  }

  private static double Median(List<double> values) => values.OrderBy(value => value).ElementAt(values.Count / 2);

  [Test]
  public void ACallAddsLessThan5PercentToAStep() {
    var overheads = new List<double>();
    var steps = new List<double>();
    using (Session session = Bundled.Ask())
    using (Decoder decoder = session.Decode()) {
      double inside = 0;
      for (bool finished = false; !finished;) {
        Stopwatch watch = Stopwatch.StartNew();
        Progress progress = decoder.Step();
        double around = watch.Elapsed.TotalSeconds;
        steps.Add(progress.Seconds - inside);  // what the C interface took
        overheads.Add(around - steps.Last());
        inside = progress.Seconds;
        finished = progress.Finished;
      }
    }
    Console.WriteLine($"{Median(overheads) * 1e6:F0} us of {Median(steps) * 1e3:F1} ms");
    Check.That(Median(overheads) < 0.05 * Median(steps), "a call that costs little");
  }
}

}
