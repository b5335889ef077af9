package io.overlaysdk.engine;

import io.overlaysdk.CancelledException;
import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.InvalidSpecException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** A file that is looked into at known places, and never read as a whole. */
final class RawFile implements AutoCloseable {
  /** More than any header asks for; a length that a file names is never trusted. */
  private static final int MOST = 512 * 1024;

  private final Found found;
  private final OpenFile file;
  private final long size;
  private boolean closed;

  private RawFile(Found found, OpenFile file, long size) {
    this.found = found;
    this.file = file;
    this.size = size;
  }

  static RawFile open(Found found) {
    OpenFile file = OpenFile.of(found.path(), found.key());
    try {
      return new RawFile(found, file, file.size());
    } catch (IOException e) {
      file.close();
      throw unreadable(found, e);
    }
  }

  Subject subject() {
    return found.subject();
  }

  Path path() {
    return found.path();
  }

  long size() {
    return size;
  }

  /**
   * The bytes from {@code offset} on, little-endian: {@code length} of them, or fewer where the
   * file ends before.
   */
  ByteBuffer read(long offset, int length) {
    if (offset < 0 || length > MOST) {
      throw new IllegalArgumentException(length + " bytes at " + offset);
    }
    if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException(
          "interrupted while the " + subject() + " " + path() + " was read",
          new InterruptedException());
    }
    byte[] bytes = new byte[length];
    int end = 0;
    try {
      int read = 0;
      while (end < length && read >= 0 && offset < Long.MAX_VALUE - MOST) {
        read = file.read(bytes, end, offset + end);
        end += Math.max(read, 0);
      }
    } catch (IOException e) {
      throw unreadable(found, e);
    }
    return ByteBuffer.wrap(bytes, 0, end).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static InvalidSpecException unreadable(Found found, IOException cause) {
    return new InvalidSpecException(
        "the " + found.subject() + " " + found.path() + " cannot be read: " + cause.getMessage(),
        cause);
  }

  /**
   * What to throw where the file lies.
   *
   * @param field what of it, in the words of its format
   * @param value what is found there
   * @param problem why that cannot be
   */
  CorruptOverlayException corrupt(String field, Object value, String problem) {
    return new CorruptOverlayException(
        "the "
            + subject()
            + " "
            + path()
            + " is damaged: "
            + field
            + " is "
            + value
            + ", but "
            + problem
            + "; "
            + subject().remedy());
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      file.close();
    }
  }
}
