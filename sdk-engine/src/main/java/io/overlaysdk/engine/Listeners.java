package io.overlaysdk.engine;

import io.overlaysdk.Progress;
import io.overlaysdk.SdkListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All who want to know what happens. */
final class Listeners {
  private static final Logger LOG = LoggerFactory.getLogger(Listeners.class);

  /** How often somebody is told of work that goes on. */
  private static final long EVERY_MILLIS = 200;

  private final List<SdkListener> listeners =
      new CopyOnWriteArrayList<>(List.of(new LoggingListener()));

  void add(SdkListener listener) {
    listeners.add(listener);
  }

  /** Tells all of them something. */
  void tell(Consumer<SdkListener> event) {
    for (SdkListener listener : listeners) {
      try {
        event.accept(listener);
      } catch (RuntimeException e) {
        LOG.warn("a listener failed", e);
      }
    }
  }

  /** Does work of which they are told that it goes on. */
  <T> T during(String what, Supplier<T> work) {
    return during(what, () -> 0, work);
  }

  /**
   * Does work of which they are told how far it is.
   *
   * @param bytes how much is done
   */
  <T> T during(String what, LongSupplier bytes, Supplier<T> work) {
    OptionalLong total = OptionalLong.empty();
    tell(listener -> listener.progress(new Progress(what, 0, total, false)));
    Future<?> ticking =
        Threads.CLOCK.scheduleAtFixedRate(
            () -> tick(new Progress(what, bytes.getAsLong(), total, false)),
            EVERY_MILLIS,
            EVERY_MILLIS,
            TimeUnit.MILLISECONDS);
    try {
      return work.get();
    } finally {
      ticking.cancel(false);
      long all = bytes.getAsLong();
      tell(listener -> listener.progress(new Progress(what, all, total, true)));
    }
  }

  /** The clock must not wait for a listener. */
  private void tick(Progress progress) {
    Threads.POOL.execute(() -> tell(listener -> listener.progress(progress)));
  }

  /** How large a file has become that is being written; nothing of a directory. */
  static LongSupplier sizeOf(Path file) {
    return () -> {
      try {
        return Files.isRegularFile(file) ? Files.size(file) : 0;
      } catch (IOException e) {
        // not there yet, or not any more
        return 0;
      }
    };
  }
}
