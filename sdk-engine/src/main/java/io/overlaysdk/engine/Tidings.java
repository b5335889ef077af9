package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Optional;

/**
 * The lines in which a script inside tells how a command fares. Whatever runs inside can write to
 * the same pipe, so a line is short, and anything but a known word is no news.
 */
final class Tidings implements Closeable {
  private static final int LONGEST = 64;

  private final FileChannel from;
  private final ByteBuffer buffer = ByteBuffer.allocate(256).flip();

  Tidings(FileChannel from) {
    this.from = from;
  }

  /** The next line, cut where it is too long; empty where there will be none. */
  Optional<String> next() {
    StringBuilder line = new StringBuilder();
    while (true) {
      while (buffer.hasRemaining()) {
        char c = (char) (buffer.get() & 0x7f);
        if (c == '\n') {
          return Optional.of(line.toString());
        }
        if (line.length() < LONGEST) {
          line.append(c);
        }
      }
      buffer.clear();
      int count;
      try {
        count = from.read(buffer);
      } catch (IOException e) {
        // closed from another thread, because there is nobody who would write
        count = -1;
      }
      buffer.flip();
      if (count < 0) {
        return Optional.empty();
      }
    }
  }

  /** The status of a command, where the line is one. */
  static Optional<Integer> status(String line) {
    return line.matches("[0-9]{1,3}") && Integer.parseInt(line) < 256
        ? Optional.of(Integer.parseInt(line))
        : Optional.empty();
  }

  /** A line as the scripts write it. */
  static ByteBuffer line(String text) {
    return ByteBuffer.wrap((text + "\n").getBytes(US_ASCII));
  }

  @Override
  public void close() throws IOException {
    from.close();
  }
}
