namespace Unmask {

// What is cheap and has no effect reads as a property.

public partial class Device {
  public string Name => GetName();

  /// <summary>Name and version of the driver.</summary>
  public string Driver => GetDriver();
}

public partial class Model {
  public string Architecture => GetArchitecture();

  /// <summary>Name of the chat layout; empty when unknown.</summary>
  public string ChatFormat => GetChatFormat();

  /// <summary>Sizes, special token ids, and what the model can do.</summary>
  public ModelInfo Info => GetInfo();
}

public partial class Loader {
  public long BytesDone => GetBytesDone();
  public long BytesTotal => GetBytesTotal();
}

public partial class Converter {
  /// <summary>Of the source.</summary>
  public long BytesDone => GetBytesDone();

  public long BytesTotal => GetBytesTotal();
}

public partial class Decoder {
  /// <summary>Why the last round went as it did; empty where the strategy decides nothing.</summary>
  public string Explanation => GetExplanation();

  /// <summary>Bytes of device memory that decoding takes beside the model's weights.</summary>
  public long Memory => GetMemory();
}

public partial class Session {
  /// <summary>In tokens.</summary>
  public long PromptLength => GetPromptLength();

  public long MasksLeft => GetMasksLeft();

  /// <summary>The generated text up to the first end token, masks left out.</summary>
  public string Text => GetText();

  /// <summary>What the session has cost since its prompt was set.</summary>
  public Statistics Statistics => GetStatistics();
}

}
