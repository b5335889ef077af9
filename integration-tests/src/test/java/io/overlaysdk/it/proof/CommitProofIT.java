package io.overlaysdk.it.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.CommitMode;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.it.Bench;
import io.overlaysdk.it.Programs;
import io.overlaysdk.it.Tools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a seeded sequence of operations does to a plain copy of the base is what is seen in the new
 * image, without any overlay, whatever kind of image was made and whoever reads it.
 */
class CommitProofIT {
  private static final long FIRST = Long.getLong("overlaysdk.seed", 20261201);
  private static final int OPERATIONS = 40;

  @TempDir private static Path shared;
  private static BaseTree base;

  @TempDir private Path temp;

  @BeforeAll
  static void makeBase() throws IOException {
    base = BaseTree.make(shared, Links.NONE_BELOW);
  }

  /** One for each user; where more sequences are asked for, one of each kind. */
  static List<String> names() {
    if (Integer.getInteger("overlaysdk.seeds", 2) > 2) {
      return List.of(
          "apptainer sif directory",
          "fuse-overlayfs sif ext3 fakeroot",
          "overlayfs sandbox directory fakeroot",
          "overlayfs sif directory");
    }
    return List.of(Shell.ROOT ? "overlayfs sif directory" : "apptainer sif directory fakeroot");
  }

  static List<Combination> combinations() {
    // root is root already
    List<String> names =
        names().stream().map(n -> Shell.ROOT ? n.replace(" fakeroot", "") : n).toList();
    return Combination.all().stream().filter(c -> names.contains(c.toString())).toList();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("combinations")
  void whatIsCommittedIsWhatIsSeen(Combination combination) throws IOException {
    Tools.require("umoci");
    Sequence sequence = sequence(combination);
    Path directory = Files.createTempDirectory(temp, "place");
    try (Bench bench = Bench.of(combination.backend(), directory)) {
      new Committed(combination, new Place(combination, base, directory, bench)).run(sequence);
    } finally {
      // the kernel leaves work/work closed to its owner
      String remove = "chmod -R u+rwX \"$1\"; rm -rf \"$1\"";
      new Shell(combination.fakeroot()).words("sh", "-c", remove, "sh", directory.toString());
    }
  }

  /** The first one after which there is no attribute without a value, which squashfuse denies. */
  private Sequence sequence(Combination combination) {
    return LongStream.range(FIRST, FIRST + 50)
        .mapToObj(seed -> Generator.sequence(seed, combination.owners(), OPERATIONS, OPERATIONS))
        .filter(tried -> !hasEmptyAttribute(combination, tried))
        .findFirst()
        .orElseThrow();
  }

  private boolean hasEmptyAttribute(Combination combination, Sequence sequence) {
    Shell shell = new Shell(combination.fakeroot());
    try {
      Path place = Files.createTempDirectory(temp, "tried");
      try {
        Model tried = Model.of(base, place.resolve("tree"), shell, EnumSet.noneOf(Aspect.class));
        tried.run(sequence.script(0, Set.of()));
        tried.run(sequence.script(1, Set.of()));
        return tried.listing().hasEmptyAttribute();
      } finally {
        shell.words("rm", "-rf", place.toString());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One overlay, and the images that are made of it. */
  private static final class Committed {
    private final Combination combination;
    private final Place place;
    private final Shell shell;
    private final Model model;

    Committed(Combination combination, Place place) throws IOException {
      this.combination = combination;
      this.place = place;
      this.shell = new Shell(combination.fakeroot());
      this.model = place.model();
    }

    void run(Sequence sequence) throws IOException {
      SessionSpec spec = place.image().overlay(place.overlay("overlay"));
      Set<String> before = model.listing().paths();
      for (int session = 0; session < sequence.sessions().size(); session++) {
        String script = sequence.script(session, combination.anew(before));
        place.run(spec, script);
        model.run(script);
      }
      String digest = digestOfBase();
      List<String> changes = place.changes(spec);

      layered(spec);
      Path flat = commit(spec, "flat.sif", CommitMode.FLATTENED);
      look("flat SIF", flat);
      requireRootOfRoot(flat);
      same(flat, commit(spec, "flat-again.sif", CommitMode.FLATTENED));
      Path directory = commit(spec, "directory", CommitMode.FLATTENED);
      look("directory", directory);
      equal("directory, on the host", directory);
      archive(spec);

      assertEquals(digest, digestOfBase(), "the base is never written to");
      assertEquals(changes, place.changes(spec), "nor is the overlay");
    }

    /** squashfuse may show its owner as another: the file system itself is asked. */
    private static void requireRootOfRoot(Path sif) throws IOException {
      String list = new Shell(false).words("unsquashfs", "-o", "32768", "-lln", sif.toString());
      assertTrue(
          list.lines().anyMatch(line -> line.matches("d\\S+ 0/0 .* squashfs-root")),
          () -> list.lines().limit(3).toList().toString());
    }

    private void layered(SessionSpec spec) throws IOException {
      if (combination.base() != Combination.Base.SIF) {
        assertThrows(UnsupportedException.class, () -> commit(spec, "no.sif", CommitMode.LAYERED));
        return;
      }
      Path first = commit(spec, "layered.sif", CommitMode.LAYERED);
      look("layered SIF", first);
      if (!combination.fakeroot()) {
        same(first, commit(spec, "layered-again.sif", CommitMode.LAYERED));
      }

      Overlay more = place.bench().sdk().createOverlay(place.path("more"));
      SessionSpec above = on(first).overlay(more);
      String script = "echo more > data/more; rm -rf opt/d; mkdir -p opt/d; echo x > opt/d/x";
      place.run(above, script);
      String seen = place.list(above);
      Path second = commit(above, "second.sif", CommitMode.LAYERED);
      assertEquals(List.of(), parse(seen).differences(parse(place.list(on(second)))));
    }

    private void archive(SessionSpec spec) throws IOException {
      Path archive = commit(spec, "image.tar", CommitMode.FLATTENED);
      if (!combination.fakeroot()) {
        same(archive, commit(spec, "image-again.tar", CommitMode.FLATTENED));
      }
      Path layout = Files.createDirectory(place.path("layout"));
      Programs.run("tar", "-xf", archive.toString(), "-C", layout.toString());
      List<String> words = new ArrayList<>(List.of("umoci", "unpack"));
      if (!combination.owners()) {
        words.add("--rootless");
      }
      words.addAll(List.of("--image", layout + ":latest", place.path("bundle").toString()));
      shell.words(words.toArray(String[]::new));
      equal("OCI archive, by umoci", place.path("bundle/rootfs"));
    }

    private Path commit(SessionSpec spec, String name, CommitMode mode) {
      place.bench().sdk().commit(spec, place.path(name), mode);
      return place.path(name);
    }

    private SessionSpec on(Path image) {
      SessionSpec spec = place.bench().on(Image.at(image));
      return combination.fakeroot() ? spec.fakeroot() : spec;
    }

    private void look(String what, Path image) throws IOException {
      String seen;
      try (Session session = place.bench().start(on(image))) {
        seen =
            new String(
                session.run("sh", "-c", "cd /; " + Listing.SCRIPT).orThrow().stdoutBytes(),
                StandardCharsets.UTF_8);
      }
      String meant = shell.run(base.programs(), place.path("model"), Listing.SCRIPT);
      assertEquals(
          "", String.join("\n", parse(meant).differences(parse(seen))), combination + ", " + what);
    }

    /** Squashfuse may show two names of a file as two files. */
    private Listing parse(String printed) {
      return Listing.parse(
          printed, combination.owners() ? EnumSet.of(Aspect.OWNERS) : EnumSet.noneOf(Aspect.class));
    }

    private void equal(String what, Path tree) throws IOException {
      String seen = shell.run(base.programs(), tree, Listing.SCRIPT);
      assertEquals(
          "",
          String.join("\n", model.listing().differences(model.listing(seen))),
          combination + ", " + what);
    }

    private static void same(Path first, Path second) throws IOException {
      assertEquals(-1, Files.mismatch(first, second), first + " and " + second);
      Files.delete(second);
    }

    private String digestOfBase() throws IOException {
      Path file = base.image(combination.base()).path().orElseThrow();
      return Files.isDirectory(file)
          ? Programs.run(
              "sh",
              "-c",
              "cd \"$1\" && find . -printf '%p %m %s %T@\\n' | sort",
              "sh",
              file.toString())
          : Programs.run("sha256sum", file.toString());
    }
  }
}
