package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.CheckReport;
import io.overlaysdk.ImageSize;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.it.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Another number of inodes: all that is in the image is what it was, byte for byte. */
class InodesIT {
  /** What a driver, a command and others may have left in an image. */
  private static final String WRITTEN =
      "rm /app/obsolete.txt; rm -r /app; mkdir /app; echo x >/app/f; ln /app/f /app/g;"
          + " ln -s /app/f /app/s; mkfifo /app/p; touch -d 2001-02-03T04:05:06 /app/f;"
          + " dd if=/dev/zero of=/app/sparse bs=1 count=1 seek=3000000 2>/dev/null; chmod 1 /app/f";

  private static final String MORE =
      "mknod gone c 0 0\nmkdir shut\nsif shut mode 040000\nsif shut uid 33\nsif shut gid 70000\n"
          + "ea_set shut user.note kept\nea_set shut user.empty \"\"\n";

  /** Names, kinds, modes, owners, links, sizes, times, targets; attributes; bytes. */
  private static final String LISTING =
      "fuse2fs -f -o ro,fakeroot \"$1\" \"$2\" >/dev/null 2>&1 & server=$!;"
          + " until grep -q \" $2 \" /proc/mounts; do sleep 0.05; done; cd \"$2\";"
          + " find . -printf '%p %y %m %U %G %n %s %T@ %l\\n' | sort;"
          + " getfattr -R -h -P -d -m - . 2>&1; find . -type f -exec sha256sum {} + | sort;"
          + " find . -type c -exec stat -c '%n %t:%T' {} + | sort;"
          + " test $(stat -c %b upper/app/sparse) -lt 100 && echo holes; cd /;"
          + " fusermount3 -u \"$2\" || fusermount -u \"$2\"; wait $server; :";

  private Site site;

  @BeforeEach
  void makeSite(@TempDir Path directory) {
    site = Site.in(directory);
  }

  /** Those whose drivers leave different marks for root and for a plain user. */
  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"apptainer", "fuse-overlayfs"})
  void changeAndNothingElseDoes(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.ext3Overlay(sdk);
      Path file = overlay.path().orElseThrow();
      SessionSpec spec = site.on(backend).overlay(overlay);
      sdk.snapshot(file, "it stays on its layers");
      try (Session session = sdk.start(spec)) {
        session.run("sh", "-c", WRITTEN).orThrow();
        assertThrows(
            OverlayBusyException.class,
            () -> sdk.resizeOverlay(file, ImageSize.of(48 << 20).inodes(4000)));
      }
      debugfs(file, "cd /upper\n" + MORE);
      final String seen = seen(sdk, spec);
      // behind every session, each of which writes to work
      final String before = list(file);
      assertThrows(
          InvalidSpecException.class,
          () -> sdk.resizeOverlay(file, ImageSize.of(48 << 20).inodes(16)));

      sdk.resizeOverlay(file, ImageSize.of(48 << 20).inodes(4000));
      assertEquals(before, list(file));
      assertEquals(seen, seen(sdk, spec));
      assertEquals(48 << 20, Files.size(file));
      long inodes = sdk.info(file).inodes().orElseThrow();
      assertTrue(Math.abs(inodes - 4000) < 100, () -> inodes + " inodes");
      assertEquals(1, sdk.info(file).layers());
      assertEquals(CheckReport.State.CLEAN, sdk.check(file, false).state());

      debugfs(file, "ea_set /upper trusted.note x\n");
      if (!System.getProperty("user.name").equals("root")) {
        assertThrows(
            UnsupportedException.class,
            () -> sdk.resizeOverlay(file, ImageSize.of(48 << 20).inodes(5000)));
      }
    }
    site.assertNothingLeft();
  }

  private static String seen(OverlaySdk sdk, SessionSpec spec) {
    try (Session session = sdk.start(spec)) {
      return session.run("sh", "-c", "ls -lan /app | grep -v ^total; cat /app/g").stdout();
    }
  }

  private String list(Path image) throws IOException {
    Path at = Files.createTempDirectory(site.directory(), "mount");
    String listing = Programs.run("sh", "-c", LISTING, "sh", image.toString(), at.toString());
    assertTrue(listing.contains("./upper/shut d 0 33 70000"), listing);
    assertTrue(listing.contains("holes"), listing);
    assertTrue(listing.contains("user.note=\"kept\""), listing);
    return listing;
  }

  private static void debugfs(Path image, String script) throws IOException {
    Programs.run(
        "sh",
        "-c",
        "printf '%s' \"$1\" | PATH=$PATH:/usr/sbin:/sbin debugfs -w -f - \"$2\"",
        "sh",
        script,
        image.toString());
  }
}
