package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads what the real tools make. */
class RealFileSystemsTest {
  @TempDir Path dir;

  @Test
  void readsWhatMkfsMakes() throws Exception {
    Path path = made("mkfs.ext3");

    assertEquals(OverlayFacts.Kind.EXT3, new OverlayReader().read(Overlay.at(path)).kind());
    assertEquals(ImageFacts.Kind.EXT3, new ImageReader().read(Image.at(path)).kind());
  }

  @ParameterizedTest
  @CsvSource({"mkfs.ext2, ext2", "mkfs.ext4, ext4"})
  void refusesTheOthersOfTheFamilyByName(String tool, String name) throws Exception {
    Path path = made(tool);
    InvalidSpecException refusal =
        assertThrows(InvalidSpecException.class, () -> new OverlayReader().read(Overlay.at(path)));

    assertTrue(
        refusal.getMessage().contains("is an " + name + " file system"), refusal.getMessage());
  }

  @Test
  void takesAnExt3AgainOnceTheNamedRepairWasRun() throws Exception {
    Path path = made("mkfs.ext3");
    Tools.run("debugfs", "-w", "-R", "feature needs_recovery", path.toString());
    Overlay overlay = Overlay.at(path);
    CorruptOverlayException refusal =
        assertThrows(CorruptOverlayException.class, () -> new OverlayReader().read(overlay));
    assertTrue(refusal.getMessage().contains("e2fsck -fp"), refusal.getMessage());

    Tools.run("e2fsck", "-fp", path.toString());

    assertEquals(OverlayFacts.Kind.EXT3, new OverlayReader().read(overlay).kind());
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "xz", "lz4", "zstd"})
  void readsWhatMksquashfsMakes(String compressor) throws Exception {
    Path path = squashfs("-comp", compressor);

    assertEquals(
        OverlayFacts.Kind.SQUASHFS, new OverlayReader().read(Overlay.at(path).readOnly()).kind());
  }

  @Test
  void refusesASquashfsThatIsNotWhole() throws Exception {
    Path path = squashfs("-nopad");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(file.length() - 1);
    }

    assertThrows(CorruptOverlayException.class, () -> new ImageReader().read(Image.at(path)));
  }

  @Test
  void knowsAnImageThatTheKernelHasAsADevice() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root can make one");
    Path path = made("mkfs.ext3").toRealPath();
    assertEquals(Optional.empty(), LoopDevices.of(path));

    Tools.run("losetup", "-f", path.toString());
    Path device = LoopDevices.of(path).orElseThrow();
    Path at = Files.createDirectory(dir.resolve("at"));
    Tools.run("mount", device.toString(), at.toString());
    assertFalse(LoopDevices.awaitUnmounted(path), "somebody uses it");
    Tools.run("umount", at.toString());
    Tools.run("losetup", "-d", device.toString());

    LoopDevices.awaitRelease(path);
    assertEquals(Optional.empty(), LoopDevices.of(path));
  }

  private Path made(String tool) throws Exception {
    Path path = dir.resolve("image");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(8 << 20);
    }
    Tools.run(tool, "-q", "-F", path.toString());
    return path;
  }

  private Path squashfs(String... options) throws Exception {
    Path tree = Files.createDirectory(dir.resolve("tree"));
    Files.writeString(tree.resolve("file"), "content");
    Path path = dir.resolve("image");
    String[] words = new String[options.length + 4];
    words[0] = tree.toString();
    words[1] = path.toString();
    words[2] = "-no-progress";
    words[3] = "-quiet";
    System.arraycopy(options, 0, words, 4, options.length);
    Tools.run("mksquashfs", words);
    return path;
  }
}
