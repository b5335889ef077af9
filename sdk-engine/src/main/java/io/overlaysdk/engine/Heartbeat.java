package io.overlaysdk.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Touches the leases of this JVM again and again, so that people see by their times that it lives.
 * Nobody is taken for dead because of them: a clock may be wrong, and a process stopped.
 */
final class Heartbeat {
  private static final Logger LOG = LoggerFactory.getLogger(Heartbeat.class);
  private static final long MILLIS = 10_000;
  private static final Set<Path> LEASES = new HashSet<>();
  private static boolean runs;

  private Heartbeat() {}

  /** From now on, until it is ended. */
  static synchronized void begin(Path lease) {
    LEASES.add(lease);
    if (!runs) {
      runs = true;
      Thread thread = new Thread(Heartbeat::run, "overlay-sdk leases");
      thread.setDaemon(true);
      thread.start();
    }
  }

  static synchronized void end(Path lease) {
    LEASES.remove(lease);
  }

  private static void run() {
    try {
      do {
        Thread.sleep(MILLIS);
      } while (beat());
    } catch (InterruptedException e) {
      LOG.debug("nobody interrupts this thread", e);
    }
  }

  /** Touches all of them; false where there are none any more. */
  static synchronized boolean beat() {
    for (Path lease : LEASES) {
      try {
        Files.setLastModifiedTime(lease, FileTime.from(Instant.now()));
      } catch (IOException e) {
        LOG.debug("cannot touch the lease {}", lease, e);
      }
    }
    runs = !LEASES.isEmpty();
    return runs;
  }
}
