package io.overlaysdk.it.proof;

import static org.junit.jupiter.api.Assertions.fail;

import io.overlaysdk.OverlayException;
import io.overlaysdk.it.Bench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
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
  private static final int OPERATIONS = 25;
  private static final int ATTEMPTS = 60;

  private static final Map<String, String> RESULTS = new LinkedHashMap<>();

  @TempDir private static Path shared;
  private static BaseTree base;

  @TempDir private Path temp;

  @BeforeAll
  static void makeBase() throws IOException {
    base = BaseTree.make(shared);
  }

  static Stream<Combination> combinations() {
    String only = System.getProperty("overlaysdk.combination", "");
    return Stream.of("apptainer", "fuse-overlayfs")
        .flatMap(
            backend ->
                Stream.of(Combination.Base.values())
                    .flatMap(
                        image ->
                            Stream.of(Combination.Kind.values())
                                .flatMap(
                                    kind ->
                                        Stream.of(Combination.User.values())
                                            .map(u -> new Combination(backend, image, kind, u)))))
        .filter(combination -> !(Shell.ROOT && combination.fakeroot()))
        .filter(combination -> only.isEmpty() || combination.toString().equals(only));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("combinations")
  void whatWasWrittenIsWhatIsRead(Combination combination) throws IOException {
    long began = System.nanoTime();
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      Sequence sequence =
          Generator.sequence(seed, Course.owners(combination), OPERATIONS, OPERATIONS, OPERATIONS);
      try {
        run(combination, sequence);
      } catch (AssertionError | OverlayException e) {
        shrinkAndFail(combination, seed, sequence, e);
      }
    }
    long millis = (System.nanoTime() - began) / 1_000_000;
    RESULTS.put(combination.toString(), SEEDS + " sequences in " + millis + " ms");
  }

  private void run(Combination combination, Sequence sequence) throws IOException {
    Path place = Files.createTempDirectory(temp, "course");
    try (Bench bench = Bench.of(combination.backend(), place)) {
      new Course(combination, base, place, bench).run(sequence);
    } finally {
      new Shell(combination.fakeroot()).words("rm", "-rf", place.toString());
    }
  }

  private void shrinkAndFail(
      Combination combination, long seed, Sequence sequence, Throwable first) {
    Sequence shortest = Shrinker.shrink(sequence, tried -> fails(combination, tried), ATTEMPTS);
    fail(
        combination
            + ", seed "
            + seed
            + ": "
            + first.getMessage()
            + "\nshortest sequence that fails:\n"
            + shortest
            + "\nagain: ./verify --seeds 1 -Doverlaysdk.seed="
            + seed
            + " '-Doverlaysdk.combination="
            + combination
            + "'",
        first);
  }

  private boolean fails(Combination combination, Sequence sequence) {
    try {
      run(combination, sequence);
      return false;
    } catch (AssertionError | OverlayException e) {
      return true;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @AfterAll
  static void tell() {
    System.out.println("The proof, as " + System.getProperty("user.name") + ":");
    RESULTS.forEach(
        (combination, result) -> System.out.println("  " + combination + ": " + result));
  }
}
