package io.overlaysdk.benchmarks;

/**
 * One line of the table: what was measured beside what.
 *
 * @param what what the SDK did
 * @param peer what it was measured beside
 * @param ours the median, in milliseconds
 * @param theirs the median, in milliseconds
 * @param bound what the ratio of the two must keep to
 */
record Measured(String what, String peer, double ours, double theirs, Bound bound) {
  double ratio() {
    return ours / theirs;
  }

  boolean keepsTo() {
    return bound.holds(ratio());
  }
}
