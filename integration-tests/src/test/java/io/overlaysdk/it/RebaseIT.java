package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.BaseMismatchException;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.RebaseReport;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Overlays that get another image, and overlays that were made without the SDK. */
@ExtendWith(Images.Shared.class)
class RebaseIT {
  private static final String MAKE =
      "mkdir -p d/deep opt/old; echo 1 >d/kept; echo 1 >d/deep/f; echo 1 >opt/old/f; echo 1 >gone;"
          + " echo 1 >changed; chmod 755 d d/deep opt opt/old";
  private static final String OVERLAY =
      "echo ours >changed; rm gone; rm -r d/deep; mkdir d/deep; echo ours >d/deep/g; echo ours >new";
  private static final String NEXT = "echo theirs >d/kept; echo theirs >opt/new; rm -r opt/old";
  private static final String LIST = "find d opt gone changed new -type f -exec head {} + 2>&1";

  @TempDir private Path temp;

  private Image image(Images images, String name, String script) throws Exception {
    Path tree = temp.resolve(name);
    PlainTree.copy(images.sandbox().path().orElseThrow(), tree);
    PlainTree.run(tree, MAKE);
    PlainTree.run(tree, script);
    return Image.at(tree);
  }

  private static String list(Bench bench, SessionSpec spec) {
    try (Session session = bench.start(spec)) {
      return session.run("sh", "-c", "cd /; " + LIST).stdout();
    }
  }

  private static Overlay written(Bench bench, Path path, Image image) {
    Overlay overlay = bench.sdk().createOverlay(path);
    try (Session session = bench.start(bench.on(image).overlay(overlay))) {
      session.run("sh", "-c", "cd /; " + OVERLAY).orThrow();
    }
    return overlay;
  }

  @OnEachBackend
  void theSameChangesOnAnotherImageAreWhatTheyAreInAPlainCopyOfIt(String backend, Images images)
      throws Exception {
    Image old = image(images, "old", ":");
    Image next = image(images, "next", NEXT);
    Image expected = image(images, "expected", NEXT + ";" + OVERLAY);
    try (Bench bench = Bench.of(backend, temp)) {
      SessionSpec spec = bench.on(old).overlay(written(bench, temp.resolve("mine"), old));
      Path target = temp.resolve("rebased");
      RebaseReport report = bench.sdk().rebase(spec, next, target, false);
      assertEquals(new RebaseReport(List.of(), Optional.of(Overlay.at(target))), report);
      SessionSpec rebased = bench.on(next).overlay(Overlay.at(target));
      assertEquals(list(bench, bench.on(expected)), list(bench, rebased));
      assertThrows(
          BaseMismatchException.class,
          () -> bench.start(bench.on(old).overlay(Overlay.at(target).readOnly())));
    }
  }

  @Test
  void whatBothHaveChangedIsToldAndNothingIsMade(Images images) throws Exception {
    Image old = image(images, "old", ":");
    Image next =
        image(images, "next", "echo theirs >changed; echo theirs >d/deep/new; rm -r d/deep/f");
    try (Bench bench = Bench.of("overlayfs", temp)) {
      SessionSpec spec = bench.on(old).overlay(written(bench, temp.resolve("mine"), old));
      Path target = temp.resolve("rebased");
      RebaseReport refused = bench.sdk().rebase(spec, next, target, false);
      assertEquals(Optional.empty(), refused.made());
      assertEquals(
          List.of("/changed", "/d/deep/f"),
          refused.conflicts().stream().map(conflict -> conflict.path().toString()).toList());
      assertFalse(Files.exists(target));

      RebaseReport forced = bench.sdk().rebase(spec, next, target, true);
      assertEquals(
          List.of("/changed", "/d/deep/f", "/d/deep/new"),
          forced.conflicts().stream().map(conflict -> conflict.path().toString()).toList());
      String seen = list(bench, bench.on(next).overlay(Overlay.at(target)));
      assertTrue(seen.contains("==> changed <==\nours\n"), seen);
      assertFalse(seen.contains("deep/new"), seen);
      bench.assertNothingLeft();
    }
  }

  @Test
  void anAdoptedOverlayIsRefusedOnAnotherImage(Images images) throws Exception {
    Image old = image(images, "old", ":");
    Image next = image(images, "next", NEXT);
    Path mine = Files.createDirectory(temp.resolve("mine"));
    Files.createDirectory(mine.resolve("upper"));
    Files.createDirectory(mine.resolve("work"));
    Files.writeString(mine.resolve("upper/by-hand"), "x");
    try (Bench bench = Bench.of("overlayfs", temp)) {
      SessionSpec spec = bench.on(old).overlay(Overlay.at(mine));
      assertTrue(bench.sdk().adopt(spec));
      assertFalse(bench.sdk().adopt(spec));
      assertEquals(old.path().map(Path::toString), bench.sdk().info(mine).base());
      SessionSpec other = bench.on(next).overlay(Overlay.at(mine));
      assertThrows(BaseMismatchException.class, () -> bench.start(other));
      assertThrows(BaseMismatchException.class, () -> bench.sdk().adopt(other));
      assertEquals("x", Files.readString(mine.resolve("upper/by-hand")));
    }
  }
}
