package io.overlaysdk.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Change;
import io.overlaysdk.Changes;
import io.overlaysdk.layers.Simulator.Driver;
import io.overlaysdk.spi.Dialect;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Run with {@code -Doverlaysdk.seed=N} to repeat one case, {@code -Doverlaysdk.cases=N} for more.
 */
class RandomTreesTest {
  private static final long SEED = Long.getLong("overlaysdk.seed", -1);
  private static final int CASES = Integer.getInteger("overlaysdk.cases", 1000);

  /** As root, an overlay could be one of root's kernel; this says that it is not. */
  private static final ExtendedAttributes NOTHING_HIDDEN =
      new ExtendedAttributes() {
        @Override
        public Map<String, byte[]> of(Path entry) {
          return Map.of();
        }

        @Override
        public void remove(Path entry, String name) {
          throw new AssertionError("nothing to remove: " + name + " from " + entry);
        }
      };

  @TempDir Path directory;
  private Path kernelSeed;
  private Path fuseSeed;

  @BeforeEach
  void makeSeeds() {
    kernelSeed = directory.resolve("kernel");
    fuseSeed = directory.resolve("fuse");
    Mknod.make(kernelSeed, 0);
    Mknod.make(fuseSeed, 0700);
  }

  /** One more than a kill can hit between two steps of a rewriting. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  @Test
  void changesAreTheDifferenceOfThePlainTreesInEveryDialectAndStayItWhenRewritten()
      throws IOException {
    long first = SEED >= 0 ? SEED : System.nanoTime() & 0xffffffffL;
    for (long seed = first; seed < first + (SEED >= 0 ? 1 : CASES); seed++) {
      Path here = Files.createDirectory(directory.resolve("case-" + seed));
      try {
        run(seed, here);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
      }
      delete(here);
    }
  }

  private void run(long seed, Path here) throws IOException {
    Random random = new Random(seed * 0x9E3779B97F4A7C15L);
    List<Driver> drivers = List.of(Driver.values());
    Driver driver = drivers.get(random.nextInt(drivers.size()));
    Tree base = Simulator.randomTree(random, 0);
    base.write(here.resolve("base"));
    boolean stated = random.nextBoolean();
    List<Layer> lowers = List.of(Layer.base(here.resolve("base")));
    Tree lower = base;
    if (random.nextInt(3) == 0) {
      Path middle = here.resolve("middle/upper");
      lower = session(base, driver, random, middle).merged;
      forget(lower);
      lowers = List.of(lowers.get(0), layer(middle, driver, stated));
    }
    Path upper = here.resolve("overlay/upper");
    Simulator session = session(lower, driver, random, upper);
    Layer layer = layer(upper, driver, stated);
    String what = driver + (stated ? " stated " : " by evidence ") + session.log;

    List<Change> one = Tree.changes(lower, session.merged, false);
    List<Change> all = Tree.changes(lower, session.merged, true);
    assertEquals(one, changes(lowers, layer, false), what);
    assertEquals(all, changes(lowers, layer, true), what);
    if (seed % 10 == 0) {
      session.merged.write(here.resolve("after"));
      Layer after = Layer.base(here.resolve("after"));
      assertEquals(
          all,
          changes(LayerChanges.betweenTrees(lowers, after, ChangeOptions.standard().all())),
          "trees: " + what);
    }
    if (lowers.size() > 1) {
      Layer both = layer.over(lowers.get(1));
      List<Layer> image = lowers.subList(0, 1);
      assertEquals(
          Tree.changes(base, session.merged, false), changes(image, both, false), "both: " + what);
      assertEquals(
          Tree.changes(base, session.merged, true), changes(image, both, true), "both: " + what);
    }

    rewrite(random, lowers, layer, here, all, what);
  }

  private void rewrite(
      Random random, List<Layer> lowers, Layer layer, Path here, List<Change> all, String what)
      throws IOException {
    Path scratch = here.resolve("overlay");
    int[] left = {random.nextInt(8)};
    try {
      NeutralForm.make(
          lowers,
          layer,
          kernelSeedLinks(),
          scratch,
          () -> {
            if (left[0]-- == 0) {
              throw new Killed();
            }
          });
    } catch (Killed e) {
      assertEquals(all, changes(lowers, layer, true), "killed: " + what);
    }
    NeutralForm.make(lowers, layer, kernelSeedLinks(), scratch);
    Layer neutral = Layer.at(layer.root()).in(Dialect.NEUTRAL);
    assertEquals(all, changes(lowers, neutral, true), "rewritten: " + what);
    assertEquals(
        all,
        changes(lowers, Layer.at(layer.root()).in(Dialect.FUSE), true),
        "read by fuse: " + what);
    assertTrue(
        NeutralForm.make(lowers, layer, kernelSeedLinks(), scratch).nothing(), "again: " + what);
    assertEquals(List.of("upper"), names(scratch), what);
  }

  private Whiteouts kernelSeedLinks() {
    return file -> {
      try {
        Files.createLink(file, kernelSeed);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    };
  }

  private Simulator session(Tree lower, Driver driver, Random random, Path upper)
      throws IOException {
    Simulator simulator = new Simulator(lower, driver, random);
    int steps = 1 + random.nextInt(8);
    for (int i = 0; i < steps; i++) {
      simulator.step();
    }
    simulator.writeUpper(upper, kernelSeed, fuseSeed);
    return simulator;
  }

  private static void forget(Tree tree) {
    tree.fresh = false;
    tree.touched = false;
    tree.whiteouts.clear();
    tree.children.values().forEach(RandomTreesTest::forget);
  }

  private static Layer layer(Path upper, Driver driver, boolean stated) {
    if (!stated) {
      return Layer.at(upper).with(NOTHING_HIDDEN);
    }
    return Layer.at(upper)
        .in(
            switch (driver) {
              case FUSE_DEVICES, FUSE_FILES -> Dialect.FUSE;
              case USERXATTR -> Dialect.KERNEL_USERXATTR;
              case PLAIN -> Dialect.KERNEL_PLAIN;
            });
  }

  private static List<Change> changes(List<Layer> lowers, Layer upper, boolean all) {
    ChangeOptions options = ChangeOptions.standard();
    return changes(LayerChanges.between(lowers, upper, all ? options.all() : options));
  }

  private static List<Change> changes(Changes changes) {
    try (changes) {
      return changes.stream().toList();
    }
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
