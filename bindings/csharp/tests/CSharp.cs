using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Unmask.Tests {

/// <summary>What only C# has: properties, asynchronous streams, safe handles.</summary>
public class CSharp {
  private static Session Short(int length) {
    var session = new Session(Bundled.Model, new Options().Set("length", length));
    session.SetTokens(new[] { 1, 2, 3 });
    return session;
  }

  // What `await foreach` compiles to.
  private static async Task<List<int>> Positions(EventStream stream) {
    var positions = new List<int>();
    EventStream.Enumerator events = stream.GetAsyncEnumerator();
    try {
      while (await events.MoveNextAsync()) positions.Add(events.Current.Position);
    } finally {
      await events.DisposeAsync();
    }
    return positions;
  }

  [Test]
  public void TextOutsideTheBasicPlaneSurvives() {
    const string text = "naïve 🙂 日本";
    Check.Equal(text, Bundled.Model.Detokenize(Bundled.Model.Tokenize(text)));
  }

  [Test]
  public void ConversationsArePrompts() {
    const string text = "<|user|>1 + 1<|eot|><|assistant|>2<|eot|><|user|>2 + 2<|eot|><|assistant|>";
    using (Messages messages = new Messages().Add("user", "1 + 1").Add("assistant", "2").Add("user", "2 + 2"))
    using (var session = new Session(Bundled.Model)) {
      int[] expected = Bundled.Model.Tokenize(text);
      Check.That(expected.SequenceEqual(Bundled.Model.TokenizeMessages(messages)), "the layout's ids");
      session.SetMessages(messages);
      Check.Equal((long)expected.Length, session.PromptLength);
      Check.Equal(Status.InvalidArgument, Check.Throws<UnmaskException>(() => messages.Add("tool", "x")).Status);
    }
  }

  [Test]
  public void NullIsRefused() {
    Check.Throws<ArgumentNullException>(() => Bundled.Model.Tokenize(null));
    Check.Throws<ArgumentNullException>(() => Bundled.Model.Detokenize(null));
    Check.Throws<ArgumentNullException>(() => new Session(null));
    Check.Throws<ArgumentNullException>(() => new Decoder(new Session[] { null }));
  }

  [Test]
  public void TablesAreLists() {
    Check.That(Library.Strategies().Contains("vanilla"), "vanilla");
    Check.That(Library.Devices()[0].Features[0].Reason.Length > 0, "a reason");
    OptionInfo cache = Library.OptionTable().Single(option => option.Name == "cache");
    Check.Equal(OptionKind.Text, cache.Kind);
    Check.That(cache.Choices.Contains("dual"), "a choice dual");
  }

  [Test]
  public void LogitsAreRowsByVocabulary() {
    float[,] logits = Bundled.Model.Logits(new[] { 1, 2, 3 });
    Check.Equal(3, logits.GetLength(0));
    Check.Equal(Bundled.Model.Info.Vocabulary, logits.GetLength(1));
    Check.That(logits.Cast<float>().Distinct().Count() > 100, "many values");
  }

  [Test]
  public void AStreamHasEveryEvent() {
    List<int> expected;
    using (Decoder decoder = Short(8).Decode()) expected = decoder.Select(next => next.Position).ToList();
    using (Decoder decoder = Short(8).Decode())
      Check.That(expected.SequenceEqual(Positions(decoder.Stream()).Result), "the same events");
  }

  [Test]
  public void ACancelledTokenCancelsTheStreamAndItsDecoder() {
    var source = new CancellationTokenSource();
    using (Decoder decoder = Short(8).Decode()) {
      decoder.Step();
      source.Cancel();
      Task<List<int>> stream = Positions(decoder.Stream(source.Token));
      Check.That(Check.Throws<AggregateException>(stream.Wait).InnerException is OperationCanceledException,
                 "OperationCanceledException");
      Check.Equal(Status.Cancelled, Check.Throws<UnmaskException>(() => decoder.Step()).Status);
    }
  }

  [Test]
  public void SeveralSessionsGoTogether() {
    using (var decoder = new Decoder(new[] { Short(4), Short(6) })) Check.Equal(10, decoder.Run().MasksTotal);
  }

  [Test]
  public void DisposingDuringAStepIsSafe() {
    Decoder decoder = Bundled.Ask().Decode();
    Task run = Task.Run(() => Check.Throws<ObjectDisposedException>(() => decoder.Run()));
    Thread.Sleep(50);
    decoder.Dispose();
    run.Wait();
  }

  [Test]
  public void WhatIsInUseIsNotCollected() {
    for (int i = 0; i < 20; ++i) {
      var decoder = new Decoder(new[] { Short(2) }, "exact", new[] { Short(2) });
      GC.Collect();
      Check.That(decoder.Run().Finished, "the end");
      Check.That(decoder.Explanation.Contains("draft"), "an explanation");
    }
  }

  [Test]
  public void StrategiesSayWhetherTheyTakeDrafters() {
    Check.Equal(DrafterUse.Required, Library.StrategyDrafterUse("exact"));
    Check.Equal(DrafterUse.Unused, Library.StrategyDrafterUse("self-draft"));
    UnmaskException refused = Check.Throws<UnmaskException>(
        () => new Decoder(new[] { Short(2), Short(2) }, "exact", new[] { Short(2) }));
    Check.Equal("Each session needs a drafter of its own.", refused.Message);
  }

  [Test]
  public void GapsAreFilledAndPinsStay() {
    int mask = Bundled.Model.Info.MaskToken;
    using (var session = new Session(Bundled.Model)) {
      session.SetCanvas(new[] { 7, 8, mask, mask, 9, mask }, 2);
      session.Pin(4);
      using (Predictions predicted = session.Predict(new[] { 2, 3, 5 }, 4)) {
        Check.Equal(3, predicted.Tokens.GetLength(0));
        Check.That(predicted.Probabilities[0, 0] >= predicted.Probabilities[0, 3], "the best first");
      }
      Check.Equal(3, session.MasksLeft);
      using (Decoder decoder = session.Decode()) decoder.Run();
      Check.That(session.Pinned(4), "a pin");
      Check.Equal(9, session.GetTokens()[4]);
      Check.Throws<UnmaskException>(() => session.Mask(4, 1));
      session.Mask(5, 1);
      Check.Equal(1, session.MasksLeft);
    }
  }
}

}
