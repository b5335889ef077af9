package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Waits for what the kernel does not tell. */
final class Until {
  private static final long LOOK_NANOS = 10_000_000;

  private Until() {}

  /** Looks again and again until there is nothing in the way, and fails with what is. */
  static void nothing(Duration patience, Supplier<? extends Object> inTheWay) {
    long deadline = System.nanoTime() + patience.toNanos();
    Object last = inTheWay.get();
    while (!last.toString().equals("[]")) {
      if (System.nanoTime() > deadline) {
        fail("still after " + patience.toMillis() + " ms: " + last);
      }
      LockSupport.parkNanos(LOOK_NANOS);
      last = inTheWay.get();
    }
  }
}
