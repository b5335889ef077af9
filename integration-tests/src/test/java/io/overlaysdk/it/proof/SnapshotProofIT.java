package io.overlaysdk.it.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.overlaysdk.CommitMode;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Snapshot;
import io.overlaysdk.it.Bench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The differential proof for snapshots: at each of them, and after a fork, a rollback and a
 * flattening, an overlay is what the plain copy was then.
 */
class SnapshotProofIT {
  private static final long SEED = Long.getLong("overlaysdk.seed", 20261125);
  private static final int OPERATIONS = 40;

  @TempDir private static Path shared;
  private static BaseTree base;

  @TempDir private Path temp;

  @BeforeAll
  static void makeBase() throws IOException {
    base = BaseTree.make(Files.createDirectory(shared.resolve("plain")), Links.NONE_BELOW);
  }

  static List<Combination> combinations() {
    return Combination.all().stream()
        // with fakeroot or without, one for each backend: there is little time
        .filter(
            combination ->
                combination.fakeroot()
                    == (!Shell.ROOT && !combination.backend().equals("fuse-overlayfs")))
        .filter(
            combination ->
                combination.overlay() == Combination.Kind.DIRECTORY
                    || !combination.backend().equals("overlayfs"))
        .filter(combination -> combination.base() == Combination.Base.SIF)
        .toList();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("combinations")
  void anOverlayIsWhatItWasAtEachSnapshot(Combination combination) throws IOException {
    Path directory = Files.createTempDirectory(temp, "course");
    try (Bench bench = Bench.of(combination.backend(), directory)) {
      new Run(combination, bench, new Place(combination, base, directory, bench)).run();
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(combination + ", seed " + SEED + ": " + e.getMessage(), e);
    } finally {
      new Shell(combination.fakeroot()).words("rm", "-rf", directory.toString());
    }
  }

  private static final class Run {
    private final Combination combination;
    private final Place place;
    private final OverlaySdk sdk;
    private final Model model;
    private final Listing before;
    private final Sequence sequence;
    private final Path mine;

    Run(Combination combination, Bench bench, Place place) throws IOException {
      this.combination = combination;
      this.place = place;
      this.sdk = bench.sdk();
      this.model = place.model();
      this.before = model.listing();
      this.sequence =
          Generator.sequence(SEED, combination.owners(), OPERATIONS, OPERATIONS, OPERATIONS);
      this.mine = place.path("mine");
    }

    void run() throws IOException {
      SessionSpec spec = place.image().overlay(place.overlay("mine"));
      Snapshot one = session(spec, 0);
      final Listing first = model.listing();
      final Snapshot two = session(spec, 1);
      final Listing second = model.listing();
      place.run(spec, sequence.script(2, combination.anew(before.paths())));

      Path fork = place.path("fork");
      sdk.fork(mine, one.id(), fork);
      equal("forked", first, place.image().overlay(Overlay.at(fork)));
      sdk.rollback(mine, two.id(), true);
      equal("rolled back", second, spec);
      equal("rolled back, read-only", second, place.image().overlay(Overlay.at(mine).readOnly()));

      // what is made of images is proved with one backend: there is little time
      boolean all = combination.overlay() == Combination.Kind.DIRECTORY || !isApptainer();
      if (all) {
        frozenAndCommitted(second, spec);
      }
      sdk.flatten(spec);
      equal("flattened", second, spec);

      if (all) {
        imported(second, spec);
      }

      sdk.deleteOverlay(mine);
      equal("alone", first, place.image().overlay(Overlay.at(fork).readOnly()));
      sdk.deleteOverlay(fork);
      try (Stream<Path> rest = Files.list(mine.getParent())) {
        assertEquals(List.of(), rest.filter(path -> path.toString().endsWith(".layers")).toList());
      }
    }

    private boolean isApptainer() {
      return combination.backend().equals("apptainer");
    }

    private void frozenAndCommitted(Listing second, SessionSpec spec) throws IOException {
      Path frozen = place.path("mine.sqfs");
      sdk.freeze(spec, frozen);
      // squashfuse shows no attribute without a value
      assertFalse(second.hasEmptyAttribute(), "another seed, please");
      equal("frozen", second, place.image().overlay(Overlay.at(frozen).readOnly()));
      Path image = place.path("new.sif");
      sdk.commit(spec, image, CommitMode.LAYERED);
      SessionSpec committed = place.bench().on(Image.at(image));
      equal(
          "committed",
          second,
          place.list(combination.fakeroot() ? committed.fakeroot() : committed));
    }

    private void imported(Listing second, SessionSpec spec) throws IOException {
      Path layer = place.path("layer.tar");
      sdk.exportLayer(spec, layer);
      SessionSpec imported = place.image().overlay(place.overlay("imported"));
      sdk.importLayer(layer, imported);
      equal("exported and imported", second, imported);
    }

    private Snapshot session(SessionSpec spec, int number) throws IOException {
      // what is linked below a layer is a file of its own as soon as one name is written to
      String script =
          sequence.script(number, combination.anew(before.paths())) + "\n" + Course.PART;
      try (Session session = sdk.start(spec)) {
        equal("before session " + number, model.listing(), place.list(session));
        place.run(session, script);
        model.run(script);
        equal("in session " + number, model.listing(), place.list(session));
        assertEquals(
            before.changes(model.listing()),
            Place.lines(session.changes()),
            "changes in session " + number);
      }
      Snapshot snapshot = sdk.snapshot(mine, "session " + number);
      assertEquals(
          before.changes(model.listing()), place.changes(spec), "changes after the snapshot");
      return snapshot;
    }

    private void equal(String when, Listing expected, SessionSpec spec) throws IOException {
      equal(when, expected, place.list(spec));
      assertEquals(before.changes(expected), place.changes(spec), "changes, " + when);
    }

    private void equal(String when, Listing expected, String seen) throws IOException {
      List<String> differences = expected.differences(model.listing(seen));
      assertEquals("", String.join("\n", differences), when);
    }
  }
}
