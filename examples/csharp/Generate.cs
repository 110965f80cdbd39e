using System;
using Unmask;

/// <summary>Writes an answer: mono Generate.exe MODEL_FOLDER "QUESTION".</summary>
public static class Generate {
  public static int Main(string[] arguments) {
    try {
      using (var device = new Device())
      using (var model = new Model(device, arguments[0]))
      using (Options options = new Options().Set("length", 32))
      using (var session = new Session(model, options)) {
        session.SetChat(arguments[1]);
        using (Decoder decoder = session.Decode()) decoder.Run();
        Console.WriteLine(session.Text);
      }
      return 0;
    } catch (UnmaskException e) {
      Console.Error.WriteLine($"{e.Status}: {e.Message}");
      return 1;
    }
  }
}
