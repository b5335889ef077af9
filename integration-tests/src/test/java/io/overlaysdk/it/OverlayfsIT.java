package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Changes;
import io.overlaysdk.NoBackendException;
import io.overlaysdk.Overlay;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What is particular to the overlay of the kernel. */
@ExtendWith(Images.Shared.class)
class OverlayfsIT {
  private static final boolean ROOT = System.getProperty("user.name").equals("root");

  @TempDir private Path temp;

  /** Without userxattr this fails with EIO for a plain user. */
  @Test
  void putsADirectoryInPlaceOfADeletedOne(Images images) throws Exception {
    try (Bench bench = Bench.of("overlayfs", temp)) {
      Overlay lower = bench.sdk().createOverlay(temp.resolve("lower"));
      SessionSpec image = bench.on(images.sandbox());
      try (Session session = bench.start(image.overlay(lower))) {
        session.run("sh", "-c", "mkdir -p /data/deep && echo old >/data/old").orThrow();
      }
      Overlay upper = bench.sdk().createOverlay(temp.resolve("upper"));
      SessionSpec both = image.overlay(lower.readOnly()).overlay(upper);
      try (Session session = bench.start(both)) {
        session.run("sh", "-c", "rm -r /data && mkdir /data && echo new >/data/new").orThrow();
      }
      try (Session session = bench.start(both)) {
        assertEquals("new\n", session.run("ls", "/data").orThrow().stdout());
      }
    }
  }

  /** As that of RHEL 9 does. */
  @Test
  void mapsSubordinateIdsWithAnUnshareThatCannot(Images images) throws Exception {
    Assumptions.assumeFalse(ROOT, "root maps no ids");
    Path old = temp.resolve("unshare");
    Files.writeString(
        old,
        """
        #!/bin/sh
        [ "$1" != --help ] || { %1$s --help | grep -v map-auto; exit; }
        for word; do
          [ "$word" != --map-auto ] || { echo "unrecognized option '$word'" >&2; exit 1; }
        done
        exec %1$s "$@"
        """
            .formatted(Tools.require("unshare")));
    Files.setPosixFilePermissions(old, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path kept = temp.resolve("kept");
    try (Bench bench = Bench.of("overlayfs", temp, all -> all.executable("unshare", old))) {
      SessionSpec spec =
          bench.on(images.sandbox()).overlay(bench.sdk().createOverlay(kept)).fakeroot();
      try (Session session = bench.start(spec)) {
        session.run("sh", "-c", "echo kept >/of-another && chown 33:33 /of-another").orThrow();
        assertEquals("33 33\n", session.run("stat", "-c", "%u %g", "/of-another").stdout());
      }
      try (Changes changes = bench.sdk().changes(spec, Changes.Detail.ROOTS)) {
        assertTrue(changes.stream().anyMatch(change -> change.toString().contains("/of-another")));
      }
    }
    assertNotEquals(
        Files.getAttribute(kept, "unix:uid"),
        Files.getAttribute(kept.resolve("upper/of-another"), "unix:uid"));
  }

  @Test
  void writesToAnExt3OverlayOnlyForRoot(Images images) throws Exception {
    try (Bench bench = Bench.of("overlayfs", temp)) {
      Overlay overlay = bench.sdk().createOverlay(temp.resolve("overlay.img"), 16 << 20);
      SessionSpec spec = bench.on(images.tutorial()).overlay(overlay);
      if (ROOT) {
        try (Session session = bench.start(spec)) {
          session.run("sh", "-c", "echo changed >/app/message.txt").orThrow();
        }
      } else {
        NoBackendException e = assertThrows(NoBackendException.class, () -> bench.start(spec));
        assertTrue(e.getMessage().contains("writes no changes through FUSE"), e::getMessage);
      }
      try (Session session = bench.start(bench.on(images.tutorial()).overlay(overlay.readOnly()))) {
        String message = session.run("cat", "/app/message.txt").orThrow().stdout();
        assertEquals(ROOT, message.equals("changed\n"), message);
      }
    }
  }
}
