using System;
using Unmask;

/// <summary>Prints every token as it is decided: mono Stream.exe MODEL_FOLDER "QUESTION".</summary>
public static class Stream {
  public static void Main(string[] arguments) {
    using (var device = new Device())
    using (var model = new Model(device, arguments[0]))
    using (Options options = new Options().Set("length", 32).Set("threshold", 0.9))
    using (var session = new Session(model, options)) {
      session.SetChat(arguments[1]);
      using (Decoder decoder = session.Decode()) {
        foreach (Event next in decoder) {
          string text = model.Detokenize(new[] { next.Token }, true);
          Console.WriteLine($"round {next.Round}, position {next.Position}: {text}");
        }
      }
      Console.WriteLine(session.Text);
    }
  }
}
