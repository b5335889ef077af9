package io.overlaysdk.it.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.overlaysdk.BaseMismatchException;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.it.Bench;
import io.overlaysdk.it.proof.Combination.Base;
import io.overlaysdk.it.proof.Combination.Kind;
import io.overlaysdk.it.proof.Combination.User;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What each backend wrote reads the same frozen, through all of them; so does what is thawed, and
 * what was packed and unpacked.
 */
class FreezeIT {
  private static final long SEED = Long.getLong("overlaysdk.seed", 1);
  private static final int OPERATIONS = 40;
  private static final List<String> BACKENDS =
      List.of("apptainer", "singularity", "fuse-overlayfs", "overlayfs");

  @TempDir private static Path shared;
  private static BaseTree base;

  @TempDir private Path temp;

  @BeforeAll
  static void makeBase() throws IOException {
    base = BaseTree.make(Files.createDirectory(shared.resolve("plain")), Links.NONE_BELOW);
  }

  static List<Combination> combinations() {
    return Shell.ROOT
        ? List.of(new Combination("apptainer", Base.SIF, Kind.DIRECTORY, User.SELF))
        : List.of(
            new Combination("fuse-overlayfs", Base.SIF, Kind.DIRECTORY, User.FAKEROOT),
            new Combination("apptainer", Base.SANDBOX, Kind.EXT3, User.SELF));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("combinations")
  void whatWasWrittenIsWhatIsReadFrozenThawedAndUnpacked(Combination combination)
      throws IOException {
    try (Bench bench = Bench.of(combination.backend(), temp)) {
      Place place = new Place(combination, base, temp, bench);
      OverlaySdk sdk = bench.sdk();
      Model model = place.model();
      Overlay overlay = place.overlay("overlay");
      SessionSpec spec = place.image().overlay(overlay);
      Sequence sequence = Generator.sequence(SEED, combination.owners(), OPERATIONS, OPERATIONS);
      for (int session = 0; session < sequence.sessions().size(); session++) {
        String script = sequence.script(session, combination.anew(model.listing().paths()));
        place.run(spec, script);
        model.run(script);
      }
      String before = state(overlay, combination);

      Path frozen = temp.resolve("frozen.sqfs");
      LayerReport report = sdk.freeze(spec, frozen);
      assertEquals(List.of(), report.skipped());
      if (combination.overlay() == Kind.DIRECTORY) {
        assertEquals(before, state(overlay, combination), "the overlay is what it was");
      }
      // fuse2fs 1.47.4 writes down that it was mounted, read-only or not
      before = state(overlay, combination);
      Path packed = temp.resolve("packed");
      sdk.pack(overlay.path().orElseThrow(), packed);
      assertEquals(before, state(overlay, combination), "the overlay is what it was");

      sameAgain(sdk, spec, frozen, packed);
      lookThroughAll(combination, model, frozen);
      look("thawed", place, model, sdk.thaw(frozen, temp.resolve("thawed")));
      look("unpacked", place, model, sdk.unpack(packed, temp.resolve("unpacked")));
      refusals(place, overlay, frozen);
    } finally {
      new Shell(combination.fakeroot()).words("sh", "-c", "rm -rf \"$1\"/*", "sh", temp.toString());
    }
  }

  /** All that the file system tells of an overlay, but for access times. */
  private static String state(Overlay overlay, Combination combination) throws IOException {
    String path = overlay.path().orElseThrow().toString();
    return new Shell(combination.fakeroot())
        .words(
            "sh",
            "-c",
            "if [ -f \"$1\" ]; then sha256sum \"$1\"; else cd \"$1\"; find upper work -printf"
                + " '%p %y %m %U %G %s %T@ %C@ %n %l\\n' | sort; getfattr -Rhd -m- upper; fi",
            "sh",
            path);
  }

  private void sameAgain(OverlaySdk sdk, SessionSpec spec, Path frozen, Path packed)
      throws IOException {
    Path again = temp.resolve("again");
    Path overlay = spec.overlays().get(0).path().orElseThrow();
    sdk.pack(overlay, temp.resolve("packed-again"));
    assertEquals(-1, Files.mismatch(packed, temp.resolve("packed-again")));
    assertThrows(InvalidSpecException.class, () -> sdk.pack(overlay, packed));
    sdk.freeze(spec, again);
    assertEquals(-1, Files.mismatch(frozen, again));
    assertThrows(InvalidSpecException.class, () -> sdk.freeze(spec, again));
  }

  private void lookThroughAll(Combination combination, Model model, Path frozen)
      throws IOException {
    if (model.listing().hasEmptyAttribute()) {
      return;
    }
    // once through all of them, then through two: it is the same file
    boolean all = combination.equals(combinations().get(0));
    for (String backend : all ? BACKENDS : List.of("apptainer", "overlayfs")) {
      Combination other =
          new Combination(backend, combination.base(), combination.overlay(), combination.user());
      Path own = Files.createDirectories(temp.resolve("as-" + backend));
      try (Bench bench = Bench.of(backend, own)) {
        Place place = new Place(other, base, own, bench);
        look("frozen, through " + backend, place, model, Overlay.at(frozen).readOnly());
      }
    }
  }

  private static void look(String what, Place place, Model model, Overlay overlay)
      throws IOException {
    String seen;
    try (Session session = place.bench().start(place.image().overlay(overlay))) {
      seen = place.list(session);
    }
    List<String> differences = new ArrayList<>(model.listing().differences(model.listing(seen)));
    assertEquals("", String.join("\n", differences), what);
  }

  private void refusals(Place place, Overlay overlay, Path frozen) throws IOException {
    OverlaySdk sdk = place.bench().sdk();
    SessionSpec spec = place.image().overlay(overlay);
    Path other = temp.resolve("other");
    try (Session session = place.bench().start(spec)) {
      session.run("true").orThrow();
      assertThrows(OverlayBusyException.class, () -> sdk.freeze(spec, other));
      assertThrows(OverlayBusyException.class, () -> sdk.pack(overlay.path().orElseThrow(), other));
    }
    assertFalse(Files.exists(other));
    Path image = Files.createDirectory(temp.resolve("another-base"));
    SessionSpec mismatched = SessionSpec.on(Image.at(image)).overlay(Overlay.at(frozen).readOnly());
    assertThrows(BaseMismatchException.class, () -> place.bench().start(mismatched));
    assertThrows(InvalidSpecException.class, () -> sdk.thaw(frozen, temp.resolve("thawed")));
    assertThrows(
        InvalidSpecException.class,
        () -> sdk.unpack(temp.resolve("packed"), temp.resolve("unpacked")));
    assertThrows(InvalidSpecException.class, () -> sdk.unpack(frozen, other));
    assertThrows(InvalidSpecException.class, () -> sdk.thaw(temp.resolve("packed"), other));
  }
}
