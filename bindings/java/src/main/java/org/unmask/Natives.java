package org.unmask;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.ref.Cleaner;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Loads the native library, and serves the generated classes. */
final class Natives {
  static final Cleaner CLEANER = Cleaner.create();

  // In the order in which they need each other.
  private static final String[] LIBRARIES = {"libunmask.so.0", "libunmask_java.so"};

  private Natives() {}

  /**
   * Loads the libraries from the folder that the system property org.unmask.library.path names, else from the jar, by
   * way of a temporary folder.
   */
  static void load() {
    String given = System.getProperty("org.unmask.library.path");
    try {
      Path folder = given != null ? Path.of(given) : unpack();
      for (String library : LIBRARIES) System.load(folder.resolve(library).toAbsolutePath().toString());
      if (given == null) delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException("The native library could not be unpacked to a temporary folder.", e);
    }
  }

  private static Path unpack() throws IOException {
    Path folder = Files.createTempDirectory("unmask");
    String platform = "linux-" + System.getProperty("os.arch");
    for (String library : LIBRARIES) {
      String resource = "/native/" + platform + "/" + library;
      try (InputStream in = Natives.class.getResourceAsStream(resource)) {
        if (in == null) throw new UnsatisfiedLinkError("This build of Unmask has no " + resource + " in its jar.");
        Files.copy(in, folder.resolve(library));
      }
    }
    return folder;
  }

  // A loaded library needs its file no more.
  private static void delete(Path folder) throws IOException {
    for (String library : LIBRARIES) Files.delete(folder.resolve(library));
    Files.delete(folder);
  }

  static List<String> texts(byte[][] utf8) {
    return Arrays.stream(utf8).map(text -> new String(text, StandardCharsets.UTF_8)).toList();
  }
}
