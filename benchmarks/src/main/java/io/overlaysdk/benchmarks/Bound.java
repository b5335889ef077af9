package io.overlaysdk.benchmarks;

/** What the ratio of the SDK's time to that of its peer must keep to. */
sealed interface Bound {
  boolean holds(double ratio);

  /** How the ratio is told beside this bound. */
  String told(double ratio);

  /** At most so many times the peer's time. */
  record AtMost(double times) implements Bound {
    @Override
    public boolean holds(double ratio) {
      return ratio <= times;
    }

    @Override
    public String told(double ratio) {
      return "%.2f times its time".formatted(ratio);
    }

    @Override
    public String toString() {
      return "at most %s times".formatted(times);
    }
  }

  /** At least so many times as fast; a fraction is a part of the peer's throughput. */
  record AtLeastAsFast(double times) implements Bound {
    @Override
    public boolean holds(double ratio) {
      return 1 / ratio >= times;
    }

    @Override
    public String told(double ratio) {
      return "%.2f times as fast".formatted(1 / ratio);
    }

    @Override
    public String toString() {
      return "at least %s times as fast".formatted(times);
    }
  }
}
