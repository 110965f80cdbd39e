using System.Collections;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Unmask {

public partial class Session {
  /// <summary>A decoder of this session alone.</summary>
  public Decoder Decode(string strategy = "vanilla") => new Decoder(this, strategy);

  /// <summary>The same with a drafter, a session of a cheaper model with the same prompt and length.</summary>
  public Decoder Decode(string strategy, Session drafter) => new Decoder(this, strategy, drafter);
}

public partial class Decoder : IEnumerable<Event> {
  /// <summary>Steps to the end, event by event.</summary>
  public IEnumerator<Event> GetEnumerator() {
    for (bool finished = false;; finished = StepFinishes()) {
      for (Event next = NextEvent(); next != null; next = NextEvent()) yield return next;
      if (finished) yield break;
    }
  }

  IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

  /// <summary>The same for `await foreach`: steps run on the thread pool. The token cancels the decoder.</summary>
  public EventStream Stream(CancellationToken token = default(CancellationToken)) => new EventStream(this, token);

  /// <summary>Steps to the end.</summary>
  public Progress Run() {
    Progress progress = Step();
    while (!progress.Finished) progress = Step();
    return progress;
  }

  internal bool StepFinishes() => Step().Finished;
}

/// <summary>Shaped as IAsyncEnumerable&lt;Event&gt; is, which Mono does not have: `await foreach` asks for no more.</summary>
public sealed class EventStream {
  private readonly Decoder decoder;
  private readonly CancellationToken token;

  internal EventStream(Decoder decoder, CancellationToken token) {
    this.decoder = decoder;
    this.token = token;
  }

  public Enumerator GetAsyncEnumerator() => new Enumerator(decoder, token);

  public sealed class Enumerator {
    private readonly Decoder decoder;
    private readonly CancellationToken token;
    private readonly CancellationTokenRegistration registration;
    private bool finished;

    internal Enumerator(Decoder decoder, CancellationToken token) {
      this.decoder = decoder;
      this.token = token;
      registration = token.Register(decoder.Cancel);
    }

    public Event Current { get; private set; }

    public async Task<bool> MoveNextAsync() {
      while (true) {
        token.ThrowIfCancellationRequested();
        Current = decoder.NextEvent();
        if (Current != null) return true;
        if (finished) return false;
        finished = await StepElsewhere().ConfigureAwait(false);
      }
    }

    // A step that the token cancelled ends as cancelled tasks do.
    private async Task<bool> StepElsewhere() {
      try {
        return await Task.Run(() => decoder.StepFinishes()).ConfigureAwait(false);
      } catch (UnmaskException) when (token.IsCancellationRequested) {
        throw new System.OperationCanceledException(token);
      }
    }

    public Task DisposeAsync() {
      registration.Dispose();
      return Task.CompletedTask;
    }
  }
}

}
