package io.overlaysdk.engine;

import io.overlaysdk.CancelledException;
import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.InvalidSpecException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A file that is looked into at known places, and never read as a whole.
 *
 * <p>Closing it drops every POSIX lock that this JVM holds on the same file, as fcntl(2) has it,
 * also one that was taken through another channel. What the JVM itself has locked must not be
 * opened this way.
 */
final class RawFile implements AutoCloseable {
  /** More than any header asks for; a length that a file names is never trusted. */
  private static final int MOST = 512 * 1024;

  private final Found found;
  private final FileChannel channel;
  private final long size;

  private RawFile(Found found, FileChannel channel, long size) {
    this.found = found;
    this.channel = channel;
    this.size = size;
  }

  static RawFile open(Found found) {
    try {
      FileChannel channel = FileChannel.open(found.path(), StandardOpenOption.READ);
      return new RawFile(found, channel, channel.size());
    } catch (IOException e) {
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
    ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    try {
      int read = 0;
      while (buffer.hasRemaining() && read >= 0 && offset < Long.MAX_VALUE - MOST) {
        read = channel.read(buffer, offset + buffer.position());
      }
    } catch (ClosedByInterruptException e) {
      InterruptedException cause = new InterruptedException();
      cause.initCause(e);
      throw new CancelledException(
          "interrupted while the " + subject() + " " + path() + " was read", cause);
    } catch (IOException e) {
      throw unreadable(found, e);
    }
    return buffer.flip();
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
    try {
      channel.close();
    } catch (IOException e) {
      throw unreadable(found, e);
    }
  }
}
