package io.overlaysdk.engine;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * When something began and how long it may take.
 *
 * @param begin as {@link System#nanoTime} has it
 */
record Deadline(long begin, Optional<Duration> limit) {
  /** One that begins now. */
  static Deadline of(Optional<Duration> limit) {
    return new Deadline(System.nanoTime(), limit);
  }

  /** One that begins now. */
  static Deadline of(Duration limit) {
    return of(Optional.of(limit));
  }

  boolean isOver() {
    return left().filter(left -> left == 0).isPresent();
  }

  Duration taken() {
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  /** What is left of the time, in nanoseconds. */
  Optional<Long> left() {
    // a limit beyond the 292 years that fit is none
    return limit
        .map(time -> time.minus(taken()))
        .map(left -> Math.max(0, TimeUnit.NANOSECONDS.convert(left)));
  }
}
