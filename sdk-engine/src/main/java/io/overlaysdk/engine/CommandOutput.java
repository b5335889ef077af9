package io.overlaysdk.engine;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * One output stream of a command, out of a pipe that lives longer. It ends where nobody has the
 * pipe open for writing any more; or, where a process that the command left holds it open, at a
 * mark that the engine itself writes into the pipe after the command has ended.
 */
final class CommandOutput extends InputStream {
  private static final int PIECE = 1 << 16;

  private final FileChannel pipe;
  private final CompletableFuture<Void> open;
  private final CompletableFuture<Void> drained = new CompletableFuture<>();
  private final Object draining = new Object();
  private final Runnable onMark;
  private volatile @Nullable byte[] mark;
  private ByteBuffer ready = ByteBuffer.allocate(0);
  private byte[] held = new byte[0];
  private boolean ended;

  /**
   * @param open completes when the command has the other side of the pipe
   * @param onMark is run where the stream ends although the pipe does not
   */
  CommandOutput(FileChannel pipe, CompletableFuture<Void> open, Runnable onMark) {
    this.pipe = pipe;
    this.open = open;
    this.onMark = onMark;
  }

  /** Completes when nobody has the pipe open for writing and nothing is left in it. */
  CompletableFuture<Void> drained() {
    return drained;
  }

  /** From now on the stream ends at these bytes, which nothing but the engine can write. */
  void endAt(byte[] bytes) {
    mark = bytes;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public synchronized int read(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (true) {
      if (ready.hasRemaining()) {
        int count = Math.min(length, ready.remaining());
        ready.get(bytes, offset, count);
        return count;
      }
      if (ended) {
        return -1;
      }
      open.join();
      if (mark == null && held.length == 0) {
        int count = pipe.read(ByteBuffer.wrap(bytes, offset, length));
        if (count < 0) {
          end();
        } else if (mark == null) {
          return count;
        } else {
          sift(Arrays.copyOfRange(bytes, offset, offset + count));
        }
      } else {
        ByteBuffer more = ByteBuffer.allocate(PIECE);
        if (pipe.read(more) < 0) {
          ready = ByteBuffer.wrap(held);
          held = new byte[0];
          end();
        } else {
          sift(Arrays.copyOf(more.array(), more.position()));
        }
      }
    }
  }

  private void end() {
    ended = true;
    drained.complete(null);
  }

  /** Takes what comes before the mark, and holds back what may be its beginning. */
  private void sift(byte[] more) {
    byte[] all = Arrays.copyOf(held, held.length + more.length);
    System.arraycopy(more, 0, all, held.length, more.length);
    byte[] end = Objects.requireNonNull(mark);
    int at = 0;
    while (at < all.length && !isMarkAt(end, all, at)) {
      at++;
    }
    ready = ByteBuffer.wrap(all, 0, at);
    held = Arrays.copyOfRange(all, at, all.length);
    if (held.length >= end.length) {
      held = new byte[0];
      ended = true;
      onMark.run();
    }
  }

  /** Whether the mark, or as much of it as is there, begins here. */
  private static boolean isMarkAt(byte[] mark, byte[] all, int at) {
    int length = Math.min(mark.length, all.length - at);
    return Arrays.equals(all, at, at + length, mark, 0, length);
  }

  /** Nobody wants to read any more; a command that still writes must not block. */
  @Override
  public void close() {
    onMark.run();
  }

  /**
   * Reads on to the end of the pipe and drops what comes. What was read before can still be had
   * meanwhile: the pipe may be held for long.
   */
  void drain() throws IOException {
    open.join();
    synchronized (this) {
      ended = true;
    }
    synchronized (draining) {
      if (!drained.isDone()) {
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
        while (pipe.read(piece.clear()) >= 0) {
          continue;
        }
        drained.complete(null);
      }
    }
  }
}
