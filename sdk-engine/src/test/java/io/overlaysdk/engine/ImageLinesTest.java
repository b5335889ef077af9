package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Snapshot;
import io.overlaysdk.UnsupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots of ext3 images; {@link LinesTest} has what is the same for directories. */
class ImageLinesTest {
  @TempDir private Path directory;
  @TempDir private Path state;
  private Path mine;
  private Lines lines;

  @BeforeEach
  void make() throws Exception {
    directory = directory.toRealPath();
    lines = LinesTest.realLines(new Journal(state));
    mine = Contents.image(directory.resolve("mine.img"));
  }

  private List<Path> layers(Path overlay) {
    SessionSpec spec =
        SessionSpec.on(Image.at(Path.of("/images/base.sif"))).overlay(Overlay.at(overlay));
    return lines.expand(spec).overlays().stream().map(one -> one.path().orElseThrow()).toList();
  }

  private Set<String> seen(Path overlay) throws Exception {
    Set<String> seen = new TreeSet<>();
    for (Path layer : layers(overlay)) {
      seen.addAll(Contents.names(layer));
    }
    return seen;
  }

  private static ExtSuperblock.Room room(Path image) {
    try (RawFile file = RawFile.open(Found.at(image, Subject.OVERLAY))) {
      return ExtSuperblock.room(file, 0);
    }
  }

  @Test
  void theImageBecomesALayerAndAnEmptyOneTakesItsPlace() throws Exception {
    Files.setPosixFilePermissions(mine, PosixFilePermissions.fromString("rw-r-----"));
    Contents.write(mine, "one");
    final Object before = Files.getAttribute(mine, "unix:ino");
    final long size = Files.size(mine);
    Snapshot one = lines.snapshot(mine, "first");
    Path layer = directory.resolve(".mine.img.layers").resolve(one.id()).resolve("image");
    assertEquals(List.of(layer, mine), layers(mine));
    assertEquals(before, Files.getAttribute(layer, "unix:ino"));
    assertEquals(1, Files.getAttribute(layer, "unix:nlink"));
    assertEquals(Set.of(), Contents.names(mine));
    assertEquals(Set.of("one"), seen(mine));
    assertEquals(size, Files.size(mine));
    assertEquals(room(layer).inodes(), room(mine).inodes());
    assertNotEquals(ImageTop.volume(layer), ImageTop.volume(mine));
    assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(mine)));
    Tools.run("e2fsck", "-fn", mine.toString());
  }

  @Test
  void theRootLooksAsItDid() throws Exception {
    Contents.debugfs(mine, "sif /upper mode 041751");
    Contents.debugfs(mine, "sif /upper uid 100033");
    Contents.debugfs(mine, "ea_set /upper user.note kept");
    Contents.debugfs(mine, "ea_set /upper user.fuseoverlayfs.opaque y");
    final Snapshot one = lines.snapshot(mine, "");
    requireLooks(mine);
    Contents.debugfs(mine, "sif /upper mode 040700");
    lines.rollback(mine, Optional.of(one.id()), true);
    requireLooks(mine);
    lines.fork(mine, Optional.of(one.id()), directory.resolve("fork"));
    requireLooks(directory.resolve("fork"));
    Contents.debugfs(mine, "ea_set /upper \"user.a b\" x");
    assertThrows(UnsupportedException.class, () -> lines.snapshot(mine, ""));
    assertEquals(1, lines.log(mine).size());
  }

  private static void requireLooks(Path image) throws Exception {
    String stat = Contents.debugfs(image, "stat /upper");
    assertTrue(stat.contains("Mode:  01751"), stat);
    assertTrue(stat.contains("User: 100033"), stat);
    assertTrue(stat.contains("user.note (4) = \"kept\""), stat);
    assertFalse(stat.contains("fuseoverlayfs"), stat);
  }

  @Test
  void forksAndReturnsAsADirectoryDoes() throws Exception {
    Contents.write(mine, "one");
    Snapshot one = lines.snapshot(mine, "");
    Contents.write(mine, "two");
    Path now = directory.resolve("now");
    lines.fork(mine, Optional.empty(), now);
    Contents.write(mine, "three");
    Contents.write(now, "four");
    assertEquals(Set.of("one", "two", "three"), seen(mine));
    assertEquals(Set.of("one", "two", "four"), seen(now));
    assertEquals(Files.size(mine), Files.size(now));
    assertThrows(
        InvalidSpecException.class, () -> lines.rollback(mine, Optional.of(one.id()), false));
    lines.rollback(mine, Optional.of(one.id()), true);
    assertEquals(Set.of("one"), seen(mine));
    lines.rollback(mine, Optional.empty(), false);
    assertEquals(Set.of("one"), seen(mine));
    assertEquals(2, lines.log(mine).size());
    lines.delete(mine);
    assertEquals(Set.of("one", "two", "four"), seen(now));
    lines.delete(now);
    try (Stream<Path> rest = Files.list(directory)) {
      assertEquals(List.of(), rest.toList());
    }
  }

  @Test
  void takesNoOtherImageForTheOneOnTheLayers() throws Exception {
    Contents.write(mine, "one");
    Path copy = Files.copy(mine, directory.resolve("copy"));
    lines.snapshot(mine, "");
    Files.move(mine, directory.resolve("away"));
    Files.move(copy, mine);
    CorruptOverlayException refused = assertThrows(CorruptOverlayException.class, () -> seen(mine));
    assertTrue(refused.getMessage().contains("mine.img.line.json"), refused.getMessage());
    assertThrows(CorruptOverlayException.class, () -> lines.snapshot(mine, ""));
  }

  @Test
  void takesItsSpaceAtOnceWhereTheOneBeforeHadIt() throws Exception {
    Tools.run("fallocate", "-l", "4M", mine.toString());
    lines.snapshot(mine, "");
    // it has no room for a byte more
    Tools.run("sh", "-c", "test $(stat -c %b \"$0\") -ge 8192", mine.toString());
  }

  @Test
  void aManifestGoesWithTheImage() throws Exception {
    Manifest manifest = Manifest.of(java.time.Instant.EPOCH, Set.of());
    ManifestFile.ofImage(mine).write(manifest);
    Snapshot one = lines.snapshot(mine, "");
    assertTrue(ManifestFile.ofImage(mine).read().isPresent());
    Path layer = directory.resolve(".mine.img.layers").resolve(one.id()).resolve("image");
    assertTrue(ManifestFile.ofImage(layer).read().isPresent());
  }

  @Test
  void refusesWhatIsNoOverlay() throws Exception {
    Path bare = directory.resolve("bare");
    Tools.run("mkfs.ext3", "-q", "-F", bare.toString(), "4M");
    assertThrows(InvalidSpecException.class, () -> lines.snapshot(bare, ""));
    assertFalse(Files.exists(LineFile.beside(bare)));
    Path text = Files.writeString(directory.resolve("notes.txt"), "mine");
    assertThrows(UnsupportedException.class, () -> lines.snapshot(text, ""));
  }
}
