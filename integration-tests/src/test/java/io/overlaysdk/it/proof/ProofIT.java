package io.overlaysdk.it.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.overlaysdk.NoBackendException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.it.Bench;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The differential proof: what a seeded sequence of operations does to a plain copy of the base is
 * what is seen through every combination of image, overlay, user and backend, and what the SDK
 * tells as changes.
 */
class ProofIT {
  private static final long FIRST = Long.getLong("overlaysdk.seed", 20261125);
  private static final int SEEDS = Integer.getInteger("overlaysdk.seeds", 1);

  private static final int OPERATIONS = 60;
  private static final int ATTEMPTS = 80;

  /** The combinations that the SDK refuses; none so far. */
  private static final Set<String> REFUSED = Set.of();

  private static final Map<String, String> RESULTS = new TreeMap<>();
  private static final Set<String> refused = new TreeSet<>();

  @TempDir private static Path shared;
  private static BaseTree base;
  private static BaseTree linkedBase;

  @TempDir private Path temp;

  @BeforeAll
  static void makeBases() throws IOException {
    base = BaseTree.make(Files.createDirectory(shared.resolve("plain")), Links.NONE_BELOW);
    linkedBase = BaseTree.make(Files.createDirectory(shared.resolve("linked")), Links.PARTED);
  }

  static List<Combination> combinations() {
    String only = System.getProperty("overlaysdk.combination", "");
    return Combination.all().stream()
        // root is root already
        .filter(combination -> !(Shell.ROOT && combination.fakeroot()))
        .filter(combination -> only.isEmpty() || combination.toString().equals(only))
        .toList();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("combinations")
  void whatWasWrittenIsWhatIsRead(Combination combination) throws IOException {
    long began = System.nanoTime();
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      Sequence sequence = sequence(seed, combination.owners());
      Links links = links(combination, seed);
      try {
        run(combination, links, sequence);
      } catch (UnsupportedException | NoBackendException e) {
        refused.add(combination.toString());
        RESULTS.put(combination.toString(), "refused: " + e.getMessage());
        return;
      } catch (AssertionError | OverlayException e) {
        RESULTS.put(combination.toString(), "FAILED, seed " + seed);
        shrinkAndFail(combination, links, seed, sequence, e);
      }
    }
    long millis = (System.nanoTime() - began) / 1_000_000;
    RESULTS.put(combination.toString(), SEEDS + " sequences in " + millis + " ms");
  }

  /**
   * Half of the combinations have linked files in their base, and with the next seed the others.
   */
  private static Links links(Combination combination, long seed) {
    return (seed + Combination.all().indexOf(combination)) % 2 == 0
        ? Links.PARTED
        : Links.NONE_BELOW;
  }

  private static Sequence sequence(long seed, boolean owners) {
    return Generator.sequence(seed, owners, OPERATIONS, OPERATIONS, OPERATIONS);
  }

  private void run(Combination combination, Links links, Sequence sequence) throws IOException {
    BaseTree on = links == Links.PARTED ? linkedBase : base;
    Path place = Files.createTempDirectory(temp, "course");
    try (Bench bench = Bench.of(combination.backend(), place)) {
      new Course(combination, on, new Place(combination, on, place, bench)).run(sequence);
    } finally {
      new Shell(combination.fakeroot()).words("rm", "-rf", place.toString());
    }
  }

  private void shrinkAndFail(
      Combination combination, Links links, long seed, Sequence sequence, Throwable first) {
    String what = combination + ", " + links + ", seed " + seed + ": " + first.getMessage();
    System.out.println(what + "\nshrinking");
    Sequence shortest =
        Shrinker.shrink(sequence, tried -> fails(combination, links, tried), ATTEMPTS);
    fail(
        what
            + "\nshortest sequence that fails:\n"
            + shortest
            + "again: ./verify --seeds 1 -Doverlaysdk.seed="
            + seed
            + " '-Doverlaysdk.combination="
            + combination
            + "'",
        first);
  }

  private boolean fails(Combination combination, Links links, Sequence sequence) {
    try {
      run(combination, links, sequence);
      return false;
    } catch (AssertionError | OverlayException e) {
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** That the proof can fail: a driver that forgets a kind of operation is found, and by what. */
  @Test
  void findsWhatADriverForgets() throws IOException {
    for (String forgotten : List.of("drop", "ln ", "chmod", "setfattr")) {
      Sequence sequence =
          LongStream.range(FIRST, FIRST + 20)
              .mapToObj(seed -> Generator.sequence(seed, false, OPERATIONS / 2))
              .filter(tried -> isForgotten(tried, forgotten))
              .findFirst()
              .orElseThrow();
      Sequence shortest =
          Shrinker.shrink(sequence, tried -> isForgotten(tried, forgotten), ATTEMPTS);

      assertTrue(shortest.toString().contains(forgotten), shortest::toString);
      assertTrue(shortest.size() <= 4, shortest::toString);
    }
  }

  private boolean isForgotten(Sequence sequence, String operation) {
    try {
      Model right = plain("right");
      Model wrong = plain("wrong");
      for (int session = 0; session < sequence.sessions().size(); session++) {
        right.run(sequence.script(session, Set.of()));
        wrong.run(sequence.forgetting(operation).script(session, Set.of()));
      }
      return !right.listing().differences(wrong.listing()).isEmpty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Model plain(String name) throws IOException {
    Path place = Files.createTempDirectory(temp, name);
    return Model.of(base, place.resolve("tree"), new Shell(false), EnumSet.of(Aspect.LINKS));
  }

  @AfterAll
  static void tellAndCompareRefusals() {
    System.out.println("The proof, as " + System.getProperty("user.name") + ":");
    RESULTS.forEach(
        (combination, result) -> System.out.println("  " + combination + ": " + result));
    assertEquals(REFUSED, refused, "refused combinations");
  }
}
