package io.overlaysdk.engine;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries bytes between a command and those who read it or write to it, on threads of the pool. */
final class Pump {
  private static final Logger LOG = LoggerFactory.getLogger(Pump.class);
  private static final int SMALL = 1 << 12;
  private static final int LARGE = 1 << 16;

  private Pump() {}

  /**
   * Reads to the end. Completes then, or exceptionally with what {@code listener} throws.
   *
   * @param listener gets each piece, and may keep it
   */
  static CompletableFuture<Void> read(
      InputStream from, OutputStream to, Optional<Consumer<byte[]>> listener) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            copy(
                from,
                (bytes, count) -> {
                  to.write(bytes, 0, count);
                  listener.ifPresent(told -> told.accept(Arrays.copyOf(bytes, count)));
                });
          } catch (IOException e) {
            LOG.debug("the output of a command was cut", e);
          }
        },
        Threads.POOL);
  }

  /** Writes all of a stream, then closes both. A command may end before it has read all. */
  static void feed(InputStream from, OutputStream to) {
    Threads.POOL.execute(
        () -> {
          try (from;
              to) {
            copy(from, (bytes, count) -> to.write(bytes, 0, count));
            to.flush();
          } catch (IOException e) {
            LOG.debug("a command did not read all of its input", e);
          }
        });
  }

  private interface Sink {
    void take(byte[] bytes, int count) throws IOException;
  }

  /** Most commands say little; one that fills the buffer gets a larger one. */
  private static void copy(InputStream from, Sink sink) throws IOException {
    byte[] buffer = new byte[SMALL];
    int count;
    while ((count = from.read(buffer)) >= 0) {
      sink.take(buffer, count);
      if (count == buffer.length && count < LARGE) {
        buffer = new byte[LARGE];
      }
    }
  }
}
