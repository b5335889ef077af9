package io.overlaysdk.it.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ShrinkerTest {
  private static final int NO_LIMIT = 10_000;

  private static Sequence sequence(int... counts) {
    List<List<Operation>> sessions = new ArrayList<>();
    for (int count : counts) {
      int session = sessions.size();
      sessions.add(
          IntStream.range(0, count).mapToObj(i -> new Operation(session + "." + i)).toList());
    }
    return new Sequence(sessions);
  }

  private static boolean has(Sequence sequence, int session, String line) {
    return sequence.sessions().get(session).contains(new Operation(line));
  }

  @Test
  void keepsOnlyWhatItTakesToFail() {
    Sequence shortest =
        Shrinker.shrink(
            sequence(25, 25, 25),
            tried -> has(tried, 0, "0.24") && has(tried, 2, "2.0") && has(tried, 2, "2.13"),
            NO_LIMIT);

    assertEquals("-- session 1\n0.24\n-- session 2\n\n-- session 3\n2.0\n2.13\n", "" + shortest);
  }

  @Test
  void takesAwayWhatWasNeededOnlyByWhatIsGone() {
    Sequence shortest =
        Shrinker.shrink(
            sequence(4),
            tried -> has(tried, 0, "0.3") && (has(tried, 0, "0.0") || !has(tried, 0, "0.1")),
            NO_LIMIT);

    assertEquals("-- session 1\n0.3\n", shortest.toString());
  }

  @Test
  void triesNoMoreThanItMay() {
    List<Sequence> tried = new ArrayList<>();

    Shrinker.shrink(sequence(25, 25), sequence -> !tried.add(sequence), 10);

    assertEquals(10, tried.size());
  }

  @Test
  void givesTheSameSequenceForTheSameSeed() {
    assertEquals(Generator.sequence(7, true, 20, 5), Generator.sequence(7, true, 20, 5));
    assertTrue(Generator.sequence(7, true, 20, 5).size() == 25);
  }
}
