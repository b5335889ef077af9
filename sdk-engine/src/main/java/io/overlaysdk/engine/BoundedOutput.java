package io.overlaysdk.engine;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Keeps the first bytes of a stream up to a limit and drops the rest, so that the writer never
 * blocks.
 */
final class BoundedOutput extends OutputStream {
  static final BoundedOutput NOTHING = new BoundedOutput(0);

  private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
  private final int limit;
  private boolean truncated;

  BoundedOutput(int limit) {
    this.limit = limit;
  }

  @Override
  public synchronized void write(int b) {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public synchronized void write(byte[] bytes, int offset, int length) {
    int room = Math.min(length, limit - kept.size());
    kept.write(bytes, offset, room);
    truncated |= room < length;
  }

  synchronized byte[] bytes() {
    return kept.toByteArray();
  }

  String text() {
    return new String(bytes(), StandardCharsets.UTF_8);
  }

  synchronized boolean truncated() {
    return truncated;
  }
}
