package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.NoBackendException;
import io.overlaysdk.Overlay;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.nio.file.Path;
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
