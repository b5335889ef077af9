package io.overlaysdk.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Two ways to do a thing, in turns, so that whatever disturbs the machine disturbs both. */
final class Rounds {
  private final int warming;
  private final int counted;
  private final boolean settled;

  /**
   * @param warming rounds that are not counted
   * @param counted rounds of which the median is taken
   */
  Rounds(int warming, int counted) {
    this(warming, counted, false);
  }

  private Rounds(int warming, int counted, boolean settled) {
    this.warming = warming;
    this.counted = counted;
    this.settled = settled;
  }

  /** The same, each on a disk that has written what the other left to be written. */
  Rounds settled() {
    return new Rounds(warming, counted, true);
  }

  /** Something that takes time. */
  interface Work {
    void run() throws Exception;
  }

  Measured compare(String what, Work ours, String peer, Work theirs, Bound bound) throws Exception {
    List<Double> first = new ArrayList<>();
    List<Double> second = new ArrayList<>();
    for (int i = 0; i < warming + counted; i++) {
      double mine = milliseconds(ours);
      double its = milliseconds(theirs);
      if (i >= warming) {
        first.add(mine);
        second.add(its);
      }
    }
    return new Measured(what, peer, median(first), median(second), bound);
  }

  private double milliseconds(Work work) throws Exception {
    if (settled) {
      Tool.of("sync").run();
    }
    long begin = System.nanoTime();
    work.run();
    return (System.nanoTime() - begin) / 1e6;
  }

  static double median(List<Double> times) {
    List<Double> sorted = new ArrayList<>(times);
    Collections.sort(sorted);
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
