package io.overlaysdk.it.proof;

import java.util.function.Predicate;

/** Finds a short sequence that still fails. */
final class Shrinker {
  private final Predicate<Sequence> fails;
  private int attempts;

  private Shrinker(Predicate<Sequence> fails, int attempts) {
    this.fails = fails;
    this.attempts = attempts;
  }

  /**
   * Takes ever smaller runs of operations away, as long as what is left fails.
   *
   * @param attempts how often at most it is tried
   */
  static Sequence shrink(Sequence failing, Predicate<Sequence> fails, int attempts) {
    return new Shrinker(fails, attempts).shrink(failing);
  }

  private Sequence shrink(Sequence sequence) {
    Sequence shortest = sequence;
    int before;
    do {
      before = shortest.size();
      for (int session = shortest.sessions().size() - 1; session >= 0; session--) {
        shortest = shrink(shortest, session);
      }
    } while (shortest.size() < before && attempts > 0);
    return shortest;
  }

  private Sequence shrink(Sequence sequence, int session) {
    Sequence shortest = sequence;
    int count = shortest.sessions().get(session).size();
    for (; count > 0; count /= 2) {
      int first = 0;
      while (first < shortest.sessions().get(session).size() && attempts > 0) {
        int there = shortest.sessions().get(session).size() - first;
        Sequence tried = shortest.without(session, first, Math.min(count, there));
        attempts--;
        if (fails.test(tried)) {
          shortest = tried;
        } else {
          first += count;
        }
      }
    }
    return shortest;
  }
}
