package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Recovered;
import io.overlaysdk.it.processes.KilledChild.Victim;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every operation that makes or changes something is killed at any moment: then the old state is
 * there or the new one, and after {@code recover()} nothing else. Run with {@code
 * -Doverlaysdk.seed=N} to repeat one run, {@code -Doverlaysdk.kills=N} for more, {@code
 * -Doverlaysdk.operation=NAME} for one operation.
 */
@Tag("soak")
class KilledOperationsIT {
  private static final long SEED = Long.getLong("overlaysdk.seed", -1);
  private static final boolean SOAK = Boolean.getBoolean("overlaysdk.soak");

  /** A plain run does the same each time, at other moments. */
  private static final long FIRST = SOAK ? System.nanoTime() & 0xffffffffL : 20261128;

  private static final int KILLS = Integer.getInteger("overlaysdk.kills", 5);
  private static final String ONLY = System.getProperty("overlaysdk.operation", "");

  /** What the guard may take to end what a killed JVM leaves. */
  private static final Duration SOON = Duration.ofSeconds(30);

  /**
   * What comes of an operation that nobody kills, and how long it takes.
   *
   * @param exact byte by byte
   * @param alike whatever packed files are compressed with: that is tried, and the trial may be
   *     killed
   * @param first of what it does first, where that is an operation of its own
   */
  private record Undisturbed(long nanos, String exact, String alike, Optional<String> first) {
    String state(boolean exactly) {
      return exactly ? exact : alike;
    }
  }

  private final Map<KilledOperation, Undisturbed> undisturbed =
      new EnumMap<>(KilledOperation.class);

  private Site site;
  private Workbench bench;

  @BeforeEach
  void makeSite(@TempDir Path directory) throws IOException {
    site = Site.in(directory.toRealPath());
    bench = Workbench.make(site);
  }

  @Test
  void theOldStateIsThereOrTheNewOneAndNothingElse() throws Exception {
    long first = SEED >= 0 ? SEED : FIRST;
    List<String> failures = new ArrayList<>();
    for (long seed = first; seed < first + (SEED >= 0 ? 1 : KILLS); seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      KilledOperation[] all = KilledOperation.values();
      KilledOperation drawn = all[random.nextInt(all.length)];
      KilledOperation operation = ONLY.isEmpty() ? drawn : KilledOperation.valueOf(ONLY);
      Victim[] victims = Victim.values();
      Victim victim = victims[random.nextInt(victims.length)];
      double when = random.nextDouble() * 1.05;
      String what = "seed " + seed + ": " + operation + ", " + victim + " at " + when + ": ";
      try {
        say(what + run(operation, victim, when, random));
      } catch (AssertionError | RuntimeException e) {
        say(what + "FAILED " + e.getMessage());
        failures.add(what + e.getMessage());
        // so that what is left does not fail the next one too
        site.clear();
      }
    }
    assertEquals(List.of(), failures);
  }

  /** Where it takes hours, people want to see something. */
  private static void say(String what) {
    if (SOAK) {
      System.out.println(what);
    }
  }

  /** Whether the new state is there. */
  private boolean run(
      KilledOperation operation, Victim victim, double when, SplittableRandom random)
      throws Exception {
    if (!undisturbed.containsKey(operation)) {
      undisturbed.put(operation, undisturbed(operation));
    }
    Undisturbed whole = undisturbed.get(operation);
    boolean exactly = victim != Victim.TOOL;
    bench.renew();
    String old = state(operation, exactly);
    KilledChild child = new KilledChild(site, operation);
    child.kill(victim, (long) (whole.nanos() * when), random);
    if (victim == Victim.JVM && random.nextBoolean()) {
      site.assertNoProcessLeft(SOON);
    }
    try (OverlaySdk sdk = site.open()) {
      if (victim == Victim.TOOL) {
        site.assertNothingLeft();
        child.assertEndedWell();
      }
      List<Recovered> done = sdk.recover();
      site.assertNoProcessLeft(SOON);
      site.assertNothingLeft();
      String now = bench.state(sdk, operation, exactly);
      boolean made = now.equals(whole.state(exactly));
      if (!made) {
        old = whole.first().filter(now::equals).orElse(old);
        assertEquals(List.of(), TreeState.differences(old, now), () -> child.said() + done);
        operation.run(sdk, site.image(), Workbench.in(site));
        assertEquals(
            List.of(),
            TreeState.differences(whole.alike(), bench.state(sdk, operation, false)),
            "done again");
      }
      if (victim == Victim.TOOL) {
        assertEquals(child.hasSaid("done"), made, child::said);
      }
      site.assertNothingLeft();
      return made;
    }
  }

  private String state(KilledOperation operation, boolean exactly) throws IOException {
    try (OverlaySdk sdk = site.open()) {
      return bench.state(sdk, operation, exactly);
    }
  }

  private Undisturbed undisturbed(KilledOperation operation) throws Exception {
    Optional<String> first = first(operation);
    bench.renew();
    String old = state(operation, true);
    long nanos = new KilledChild(site, operation).runToItsEnd();
    site.assertNothingLeft();
    String exact = state(operation, true);
    assertNotEquals(old, exact, "nothing is done");
    return new Undisturbed(nanos, exact, state(operation, false), first);
  }

  private Optional<String> first(KilledOperation operation) throws IOException {
    if (!operation.hasFirst()) {
      return Optional.empty();
    }
    bench.renew();
    try (OverlaySdk sdk = site.open()) {
      operation.runFirst(sdk, site.image(), Workbench.in(site));
      return Optional.of(bench.state(sdk, operation, true));
    }
  }
}
