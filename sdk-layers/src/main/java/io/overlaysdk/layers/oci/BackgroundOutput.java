package io.overlaysdk.layers.oci;

import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Writes one buffer while the next one is filled: half of the time of an export is the kernel's
 * writing, or the compressor's. The channel stays open.
 */
final class BackgroundOutput implements Closeable {
  private final WritableByteChannel out;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(BackgroundOutput::daemon);
  private ByteBuffer spare;
  private @Nullable Future<?> writing;

  BackgroundOutput(WritableByteChannel out, ByteBuffer spare) {
    this.out = out;
    this.spare = spare;
  }

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "overlay-sdk layer output");
    thread.setDaemon(true);
    return thread;
  }

  /** Has what is in the buffer written, and gives an empty one. */
  ByteBuffer write(ByteBuffer filled) throws IOException {
    await();
    filled.flip();
    writing = thread.submit(() -> drain(filled));
    ByteBuffer empty = spare;
    spare = filled;
    return empty;
  }

  /** Whether the kernel can move what a file holds; else the JDK copies it, 8 KiB at a time. */
  boolean isFile() {
    return out instanceof FileChannel;
  }

  /**
   * Writes what a file holds, when all before it is written.
   *
   * @return how much that was: less than {@code size} where the file ends before
   */
  long transfer(FileChannel file, long size) throws IOException {
    await();
    long moved = 0;
    long count = 1;
    while (moved < size && count > 0) {
      count = file.transferTo(moved, size - moved, out);
      moved += count;
    }
    return moved;
  }

  private Void drain(ByteBuffer filled) throws IOException {
    while (filled.hasRemaining()) {
      out.write(filled);
    }
    filled.clear();
    return null;
  }

  /** Waits until all is written. */
  void await() throws IOException {
    if (writing == null) {
      return;
    }
    try {
      writing.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException cause) {
        throw new IOException(cause.toString(), cause);
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while a layer was written");
    }
  }

  /** Ends the thread, after the write that it is in: the caller may close the channel then. */
  @Override
  public void close() {
    thread.shutdown();
    boolean interrupted = false;
    boolean ended = false;
    while (!ended) {
      try {
        ended = thread.awaitTermination(1, TimeUnit.DAYS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
