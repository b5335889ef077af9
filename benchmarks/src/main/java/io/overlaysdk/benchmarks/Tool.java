package io.overlaysdk.benchmarks;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A program that is run to its end, its output to nowhere. */
record Tool(List<String> words) {
  Tool {
    words = List.copyOf(words);
  }

  static Tool of(Object... words) {
    List<String> texts = new ArrayList<>();
    for (Object word : words) {
      texts.add(word.toString());
    }
    return new Tool(texts);
  }

  /** The overlay command of this build, in a JVM of its own. */
  static Tool overlay(Object... words) {
    String checkout = System.getProperty("overlaysdk.checkout");
    List<Object> all = new ArrayList<>();
    all.add(Path.of(checkout, "overlay"));
    all.addAll(List.of(words));
    return of(all.toArray());
  }

  void run() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(words)
            .redirectOutput(Redirect.DISCARD)
            .redirectError(Redirect.INHERIT)
            .start();
    process.getOutputStream().close();
    int status = process.waitFor();
    if (status != 0) {
      throw new IOException(words + " ended with status " + status);
    }
  }
}
