package io.overlaysdk;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Puts lines together. */
final class Lines {
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private final Consumer<String> listener;

  Lines(Consumer<String> listener) {
    this.listener = listener;
  }

  synchronized void add(byte[] bytes) {
    int start = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        line.write(bytes, start, i - start);
        tell();
        start = i + 1;
      }
    }
    line.write(bytes, start, bytes.length - start);
  }

  synchronized void end() {
    if (line.size() > 0) {
      tell();
    }
  }

  private void tell() {
    String text = line.toString(StandardCharsets.UTF_8);
    line.reset();
    listener.accept(text);
  }
}
