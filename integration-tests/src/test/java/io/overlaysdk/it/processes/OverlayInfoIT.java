package io.overlaysdk.it.processes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.CheckReport;
import io.overlaysdk.Configuration;
import io.overlaysdk.ImageSize;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LaunchException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlayInfo;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.SdkListener;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.it.OnEachBackend;
import io.overlaysdk.it.OnEachExt3Backend;
import io.overlaysdk.it.Programs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an overlay tells of itself, beside what e2fsprogs tells of it. */
class OverlayInfoIT {
  private Site site;

  @BeforeEach
  void makeSite(@TempDir Path directory) {
    site = Site.in(directory);
  }

  @Test
  void countsAsDumpe2fsDoes() throws Exception {
    Path file = site.directory().resolve("sized.img");
    try (OverlaySdk sdk = site.open()) {
      sdk.createOverlay(file, ImageSize.of(64 << 20).inodes(5000));
      assertAsDumpe2fs(sdk.info(file));
      assertTrue(blocks(file) < (8 << 20) / 512, "the space is not taken before it is used");
      Path small = site.directory().resolve("small.img");
      assertThrows(InvalidSpecException.class, () -> sdk.createOverlay(small, (4 << 20) - 1));
      sdk.createOverlay(small, 4 << 20);
      assertEquals(CheckReport.State.CLEAN, sdk.check(small, false).state());
    }
  }

  @Test
  void copiesATemplateWithItsHolesAsItIsOrCompressed() throws Exception {
    Path template = site.directory().resolve("template.img");
    try (OverlaySdk sdk = site.open()) {
      sdk.createOverlay(template, ImageSize.of(64 << 20).inodes(5000));
    }
    Path gzip = site.directory().resolve("template.img.gz");
    Programs.run("sh", "-c", "gzip -c \"$1\" >\"$2\"", "sh", template.toString(), gzip.toString());
    Path cut = site.directory().resolve("cut.img.gz");
    Programs.run("sh", "-c", "head -c 20000 \"$1\" >\"$2\"", "sh", gzip.toString(), cut.toString());
    Configuration configuration = site.configuration().template("large", gzip).build();
    try (OverlaySdk sdk = OverlaySdk.open(configuration)) {
      for (String from : List.of(template.toString(), gzip.toString(), "large")) {
        Path file = site.directory().resolve("copy-" + Path.of(from).getFileName());
        sdk.createOverlayFrom(from, file);
        assertEquals(-1, Files.mismatch(template, file), from);
        assertTrue(blocks(file) < (8 << 20) / 512, "holes are kept");
        assertEquals(Optional.empty(), sdk.info(file).base());
        assertThrows(InvalidSpecException.class, () -> sdk.createOverlayFrom(from, file));
      }
      Path never = site.directory().resolve("never.img");
      for (Path bad : List.of(cut, site.directory(), Path.of("/etc/passwd"), Path.of("gone"))) {
        assertThrows(
            OverlayException.class, () -> sdk.createOverlayFrom(bad.toString(), never), "" + bad);
      }
      try (Stream<Path> files = Files.list(site.directory())) {
        assertFalse(files.anyMatch(file -> file.toString().contains("never.img")));
      }
    }
  }

  @Test
  void takesTheSpaceWhereItIsAskedTo() throws Exception {
    Path file = site.directory().resolve("full.img");
    try (OverlaySdk sdk = site.open()) {
      sdk.createOverlay(file, ImageSize.of(16 << 20).taken());
      assertEquals(16 << 20, Files.size(file));
      assertTrue(blocks(file) >= (16 << 20) / 512, "all space is taken");
      assertAsDumpe2fs(sdk.info(file));
    }
  }

  @OnEachExt3Backend
  void tellsOfAnImageWhatASessionMadeOfIt(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.ext3Overlay(sdk);
      Path file = overlay.path().orElseThrow();
      try (Session session = sdk.start(site.on(backend).overlay(overlay))) {
        session.run("sh", "-c", "head -c 3000000 /dev/zero >/app/zeros").orThrow();
        assertTrue(sdk.info(file).holder().isPresent(), "somebody writes to it");
      }
      OverlayInfo info = sdk.info(file);
      assertAsDumpe2fs(info);
      assertEquals("ext3", info.kind());
      assertEquals(site.image().toString(), info.base().orElseThrow());
      assertTrue(info.writer().orElseThrow().startsWith(backend), info::toString);
      assertTrue(info.holder().isEmpty(), info::toString);
    }
  }

  @OnEachExt3Backend
  void growsAndShrinksAndKeepsWhatIsInIt(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.ext3Overlay(sdk);
      Path file = overlay.path().orElseThrow();
      try (Session session = sdk.start(site.on(backend).overlay(overlay))) {
        session.run("sh", "-c", "head -c 3000000 /dev/zero >/app/zeros; rm /app/obsolete.txt");
        assertThrows(OverlayBusyException.class, () -> sdk.resizeOverlay(file, 64 << 20));
        assertThrows(OverlayBusyException.class, () -> sdk.check(file, true));
      }
      for (long size : List.of(96L << 20, 24L << 20)) {
        sdk.resizeOverlay(file, size);
        assertEquals(size, sdk.info(file).bytes().orElseThrow());
        assertAsDumpe2fs(sdk.info(file));
        assertEquals(CheckReport.State.CLEAN, sdk.check(file, false).state());
      }
      assertThrows(LaunchException.class, () -> sdk.resizeOverlay(file, 2 << 20));
      try (Session session = sdk.start(site.on(backend).overlay(overlay))) {
        String seen = session.run("sh", "-c", "wc -c </app/zeros; ls /app").orThrow().stdout();
        assertEquals("3000000\nmessage.txt\nzeros\n", seen);
      }
    }
    site.assertNothingLeft();
  }

  /** A superblock whose count of free blocks is wrong is what a cut-off write leaves. */
  @OnEachExt3Backend
  void tellsThatLittleIsLeftWhenItIsOpened(String backend) {
    Path file = site.directory().resolve("small.img");
    List<String> told = new ArrayList<>();
    try (OverlaySdk sdk = site.open()) {
      sdk.listen(
          new SdkListener() {
            @Override
            public void nearlyFull(Session session, OverlayInfo overlay) {
              told.add(overlay.path().getFileName().toString());
            }
          });
      SessionSpec spec = site.on(backend).overlay(sdk.createOverlay(file, 8 << 20));
      try (Session session = sdk.start(spec)) {
        assertEquals(List.of(), told);
        // there is no room for all of it
        session.run("sh", "-c", "head -c 9000000 /dev/zero | tr '\\0' x >/app/much");
      }
      sdk.start(spec).close();
      assertEquals(List.of("small.img"), told);
      assertTrue(sdk.info(file).lastUsed().isPresent());
    }
  }

  @Test
  void findsDamageAndRepairsItOnlyWhereItIsAskedTo() throws Exception {
    Path file = site.directory().resolve("damaged.img");
    try (OverlaySdk sdk = site.open()) {
      sdk.createOverlay(file, 16 << 20);
      debugfs(file, "set_super_value free_blocks_count 7");
      debugfs(file, "set_inode_field <2> links_count 77");
      byte[] before = Files.readAllBytes(file);

      assertEquals(CheckReport.State.DAMAGED, sdk.check(file, false).state());
      assertArrayEquals(before, Files.readAllBytes(file));
      CheckReport repaired = sdk.check(file, true);
      assertEquals(CheckReport.State.REPAIRED, repaired.state(), repaired::output);
      assertEquals(CheckReport.State.CLEAN, sdk.check(file, false).state());
      assertThrows(
          InvalidSpecException.class, () -> sdk.check(site.directory(), false), "a directory");
    }
  }

  private static void debugfs(Path file, String request) throws Exception {
    Process process =
        new ProcessBuilder("/usr/sbin/debugfs", "-w", "-R", request, file.toString())
            .redirectErrorStream(true)
            .start();
    process.getInputStream().readAllBytes();
    assertEquals(0, process.waitFor());
  }

  @OnEachBackend
  void tellsOfADirectory(String backend) {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.directoryOverlay(sdk);
      Path directory = overlay.path().orElseThrow();
      OverlayInfo fresh = sdk.info(directory);
      assertEquals("directory", fresh.kind());
      assertEquals(OptionalLong.empty(), fresh.bytes());
      assertTrue(fresh.base().isEmpty() && fresh.writer().isEmpty(), fresh::toString);
      try (Session session = sdk.start(site.on(backend).overlay(overlay))) {
        session.run("rm", "-r", "/app").orThrow();
        String holder = sdk.info(directory).holder().orElseThrow();
        assertTrue(holder.contains("process " + ProcessHandle.current().pid()), holder);
      }
      OverlayInfo info = sdk.info(directory);
      assertEquals(site.image().toString(), info.base().orElseThrow());
      assertEquals(List.of(), info.holder().stream().toList());
    }
  }

  private static void assertAsDumpe2fs(OverlayInfo info) throws Exception {
    Map<String, String> fields = dumpe2fs(info.path());
    long block = Long.parseLong(fields.get("Block size"));
    assertEquals(Long.parseLong(fields.get("Block count")) * block, info.bytes().orElseThrow());
    assertEquals(Long.parseLong(fields.get("Free blocks")) * block, info.freeBytes().orElseThrow());
    assertEquals(Long.parseLong(fields.get("Inode count")), info.inodes().orElseThrow());
    assertEquals(Long.parseLong(fields.get("Free inodes")), info.freeInodes().orElseThrow());
    assertEquals("0", fields.get("Reserved block count"));
  }

  private static Map<String, String> dumpe2fs(Path file) throws Exception {
    Process process =
        new ProcessBuilder("/usr/sbin/dumpe2fs", "-h", file.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    return new String(process.getInputStream().readAllBytes(), UTF_8)
        .lines()
        .filter(line -> line.contains(":"))
        .map(line -> line.split(":\\s*", 2))
        .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1], (one, two) -> one));
  }

  private static long blocks(Path file) throws IOException {
    Process process = new ProcessBuilder("stat", "-c", "%b", file.toString()).start();
    return Long.parseLong(new String(process.getInputStream().readAllBytes(), UTF_8).strip());
  }
}
