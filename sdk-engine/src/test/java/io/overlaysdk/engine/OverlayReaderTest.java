package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.overlaysdk.Access;
import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.OverlayFacts.Kind;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OverlayReaderTest {
  @TempDir Path given;
  private Path dir;

  @BeforeEach
  void resolveLinks() throws IOException {
    dir = given.toRealPath();
  }

  @Test
  void readsADirectoryWithUpperAndWork() throws IOException {
    Path path = directories("upper", "work");

    assertEquals(new OverlayFacts(Kind.DIRECTORY, path, Access.READ_WRITE), read(Overlay.at(path)));
    assertEquals(
        new OverlayFacts(Kind.DIRECTORY, path, Access.READ_ONLY),
        read(Overlay.at(path).readOnly()));
  }

  @Test
  void readsThroughALinkToTheOverlay() throws IOException {
    Path path = directories("upper", "work");
    Path link = Files.createSymbolicLink(dir.resolve("link"), path);

    assertEquals(path, read(Overlay.at(link)).path());
  }

  @Test
  void takesAnEmptyDirectoryForANewOverlay() throws IOException {
    assertEquals(Kind.DIRECTORY, read(Overlay.at(directories())).kind());
  }

  @Test
  void takesADirectoryWithoutUpperForALayerWhereItIsOnlyRead() throws IOException {
    assertEquals(Kind.LAYER, read(Overlay.at(directories("app")).readOnly()).kind());
    assertEquals(Kind.LAYER, read(Overlay.at(directories()).readOnly()).kind());
  }

  @Test
  void needsNoWorkWhereItIsOnlyRead() throws IOException {
    assertEquals(Kind.DIRECTORY, read(Overlay.at(directories("upper")).readOnly()).kind());
  }

  @Test
  void refusesToWriteBesideWhatIsThere() throws IOException {
    Path path = directories("app");

    assertRefused(
        InvalidSpecException.class, Overlay.at(path), "it has no \"upper\", and holds app");
    assertRefused(InvalidSpecException.class, Overlay.at(path), "add :ro");
  }

  @Test
  void refusesAWorkWithoutUpper() throws IOException {
    assertRefused(
        InvalidSpecException.class, Overlay.at(directories("work")), "it has no \"upper\"");
  }

  @Test
  void saysHowToMakeAMissingWork() throws IOException {
    Path path = directories("upper");

    assertRefused(InvalidSpecException.class, Overlay.at(path), "mkdir " + path.resolve("work"));
  }

  @Test
  void refusesTheUpperInPlaceOfTheOverlay() throws IOException {
    Path path = directories("upper", "work");

    assertRefused(
        InvalidSpecException.class, Overlay.at(path.resolve("upper")), "give its parent, " + path);
    assertEquals(Kind.LAYER, read(Overlay.at(path.resolve("upper")).readOnly()).kind());
  }

  @Test
  void refusesAnUpperThatIsAFile() throws IOException {
    Path path = directories("work");
    Files.createFile(path.resolve("upper"));

    assertRefused(InvalidSpecException.class, Overlay.at(path), "\"upper\" is not a directory");
    assertRefused(
        InvalidSpecException.class, Overlay.at(path).readOnly(), "\"upper\" is not a directory");
  }

  @Test
  void refusesLinksInPlaceOfUpperAndWork() throws IOException {
    Path path = directories("upper", "elsewhere");
    Files.createSymbolicLink(path.resolve("work"), path.resolve("elsewhere"));
    assertRefused(InvalidSpecException.class, Overlay.at(path), "\"work\" is a symbolic link");

    Path other = directories("work", "elsewhere");
    Files.createSymbolicLink(other.resolve("upper"), other.resolve("elsewhere"));
    assertRefused(
        InvalidSpecException.class, Overlay.at(other).readOnly(), "\"upper\" is a symbolic link");
  }

  @Test
  void refusesAnUpperThatCannotBeWrittenTo() throws IOException {
    Path path = directories("upper", "work");
    Files.setPosixFilePermissions(
        path.resolve("upper"), PosixFilePermissions.fromString("r-xr-xr-x"));
    assumeFalse(Files.isWritable(path.resolve("upper")), "root writes everywhere");

    assertRefused(
        InvalidSpecException.class,
        Overlay.at(path),
        "its \"upper\" cannot be written to by this user; it belongs to user id ");
    assertEquals(Kind.DIRECTORY, read(Overlay.at(path).readOnly()).kind());
  }

  @Test
  void refusesAnImageThatCannotBeWrittenTo() throws IOException {
    Path path = file(SifBytes.ext3());
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("r--r--r--"));
    assumeFalse(Files.isWritable(path), "root writes everywhere");

    assertRefused(InvalidSpecException.class, Overlay.at(path), "add :ro");
    assertEquals(Kind.EXT3, read(Overlay.at(path).readOnly()).kind());
  }

  @Test
  void readsAnExt3() throws IOException {
    Path path = file(SifBytes.ext3());

    assertEquals(new OverlayFacts(Kind.EXT3, path, Access.READ_WRITE), read(Overlay.at(path)));
    assertEquals(Kind.EXT3, read(Overlay.at(path).readOnly()).kind());
  }

  @Test
  void readsASquashfsThatIsOnlyRead() throws IOException {
    Path path = file(SifBytes.squashfs());

    assertEquals(Kind.SQUASHFS, read(Overlay.at(path).readOnly()).kind());
    assertRefused(InvalidSpecException.class, Overlay.at(path), "add :ro");
  }

  @Test
  void refusesWhatIsNoOverlay() throws IOException {
    Path sif = file(SifBytes.valid().bytes());
    assertRefused(UnsupportedException.class, Overlay.at(sif).readOnly(), "is a SIF image");

    Path text = file("hello\n".getBytes(UTF_8));
    assertRefused(InvalidSpecException.class, Overlay.at(text), "is no overlay: it is text");

    Path ext2 = file(SifBytes.ext(0x38, 0x2, 0x3));
    assertRefused(InvalidSpecException.class, Overlay.at(ext2), "is an ext2 file system");

    Path ext4 = file(SifBytes.ext(0x3c, 0x2c2, 0x46b));
    assertRefused(InvalidSpecException.class, Overlay.at(ext4).readOnly(), "is an ext4 file");
  }

  @Test
  void refusesAMissingOverlay() {
    assertRefused(
        InvalidSpecException.class,
        Overlay.at(dir.resolve("gone")),
        "there is no overlay at " + dir.resolve("gone"));
  }

  @Test
  void namesTheRepairOfAnExt3ThatWasNotUnmounted() throws IOException {
    Path path = file(SifBytes.with(SifBytes.ext3(), 1024 + 96, 4, 6));

    for (Overlay overlay : List.of(Overlay.at(path), Overlay.at(path).readOnly())) {
      assertRefused(
          CorruptOverlayException.class, overlay, "; repair it first: e2fsck -fp " + path);
    }
  }

  @Test
  void refusesAnExt3ThatThisProcessHasLocked() throws IOException {
    Path path = file(SifBytes.ext3());

    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE);
        FileLock lock = channel.lock()) {
      assertTrue(lock.isValid());
      assertRefused(
          OverlayBusyException.class, Overlay.at(path), "another session of this process");
    }
    assertEquals(Kind.EXT3, read(Overlay.at(path)).kind());
  }

  @Test
  void refusesAnExt3ThatAnotherProcessHasLockedAndNamesIt() throws Exception {
    // what another process has mounted looks damaged, and must be called busy
    Path path = file(SifBytes.with(SifBytes.ext3(), 1024 + 96, 4, 6));
    try (LockingProcess other = LockingProcess.start(path, false)) {
      for (Overlay overlay : List.of(Overlay.at(path), Overlay.at(path).readOnly())) {
        OverlayBusyException refusal =
            assertThrows(OverlayBusyException.class, () -> read(overlay));
        assertEquals(path, refusal.overlay());
        assertTrue(refusal.holder().startsWith("process " + other.pid() + " ("), refusal.holder());
      }
    }
    assertRefused(CorruptOverlayException.class, Overlay.at(path), "e2fsck");
  }

  @Test
  void readsAnExt3ThatAnotherProcessReadsToo() throws Exception {
    Path path = file(SifBytes.ext3());
    try (LockingProcess other = LockingProcess.start(path, true)) {
      assertEquals(Kind.EXT3, read(Overlay.at(path).readOnly()).kind());
      assertRefused(OverlayBusyException.class, Overlay.at(path), "process " + other.pid());
    }
  }

  private OverlayFacts read(Overlay overlay) {
    return new OverlayReader().read(overlay);
  }

  private void assertRefused(
      Class<? extends OverlayException> type, Overlay overlay, String expected) {
    OverlayException refusal = assertThrows(type, () -> read(overlay));
    assertTrue(refusal.getMessage().contains(expected), refusal.getMessage());
  }

  private Path directories(String... names) throws IOException {
    Path path = Files.createTempDirectory(dir, "overlay");
    for (String name : names) {
      Files.createDirectory(path.resolve(name));
    }
    return path;
  }

  private Path file(byte[] content) throws IOException {
    return Files.write(Files.createTempFile(dir, "overlay", ".img"), content);
  }
}
