package io.overlaysdk.layers.oci;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.LayerReport;
import io.overlaysdk.OverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.spi.Dialect;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An upper directory as an archive in which what is hidden is a device. */
class NeutralArchiveTest {
  @TempDir Path directory;
  private Path base;
  private Path middle;
  private Path upper;

  @BeforeEach
  void makeLayers() throws Exception {
    base = directory.resolve("base");
    middle = directory.resolve("middle");
    upper = directory.resolve("upper");
    for (String name : List.of("d/sub/x", "d/sub/y", "d/plain", "d/other/z", "d/gone", "e/f")) {
      write(base.resolve(name));
    }
    for (String name : List.of("d/middle", "d/sub/new")) {
      write(middle.resolve(name));
    }
    new ShellNodes().create(middle.resolve("d/gone"));
    for (String name : List.of("d/plain", "d/sub/y", "new/deep/f")) {
      write(upper.resolve(name));
    }
  }

  private static void write(Path file) throws Exception {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "x");
  }

  private static UserDefinedFileAttributeView attributes(Path file) {
    return Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
  }

  private void opaque(String name) throws Exception {
    attributes(upper.resolve(name)).write("overlay.opaque", ByteBuffer.wrap(new byte[] {'y'}));
  }

  private LayerWriter writer() {
    Layer layer = Layer.at(upper).in(Dialect.KERNEL_USERXATTR);
    return LayerWriter.of(layer)
        .neutralOver(List.of(Layer.base(base), Layer.at(middle).in(Dialect.NEUTRAL)));
  }

  /** The names in the archive, devices with a minus in front. */
  private List<String> names(LayerReport[] report) throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    report[0] = writer().writeTo(out, Compression.NONE);
    TarReader tar = new TarReader(new ByteArrayInputStream(out.toByteArray()));
    List<String> names = new ArrayList<>();
    for (TarEntry entry = tar.next(); entry != null; entry = tar.next()) {
      boolean device = entry.type() == TarEntry.Type.CHARACTER;
      assertTrue(!device || entry.major() == 0 && entry.minor() == 0 && entry.mode() == 0);
      assertTrue(entry.xattrs().keySet().stream().noneMatch(name -> name.contains("overlay")));
      names.add((device ? "-" : "") + new String(entry.name(), StandardCharsets.UTF_8));
    }
    return names;
  }

  @Test
  void hidesEachEntryOfTheLayersBelow() throws Exception {
    opaque("d");
    opaque("new");
    opaque("new/deep");
    new ShellNodes().create(upper.resolve("e"));
    LayerReport[] report = new LayerReport[1];
    assertEquals(
        List.of(
            "-e",
            "d/",
            "-d/middle",
            "-d/other",
            "d/plain",
            "d/sub/",
            "-d/sub/new",
            "-d/sub/x",
            "d/sub/y",
            "new/",
            "new/deep/",
            "new/deep/f"),
        names(report));
    assertEquals(5, report[0].whiteouts());
    assertEquals(1, report[0].opaque());
  }

  @Test
  void hidesNothingBelowADirectoryThatShowsTheOnesBelow() throws Exception {
    opaque("d/sub");
    assertEquals(
        List.of(
            "d/",
            "d/plain",
            "d/sub/",
            "-d/sub/new",
            "-d/sub/x",
            "d/sub/y",
            "new/",
            "new/deep/",
            "new/deep/f"),
        names(new LayerReport[1]));
  }

  /** A table of owners in which the root's is missing has no place for it. */
  @Test
  void namesTheOwnerOfTheRoot() throws Exception {
    int uid = (int) Files.getAttribute(upper, "unix:uid");
    int gid = (int) Files.getAttribute(upper, "unix:gid");
    LayerWriter writer = writer().owners(OwnerMap.identity().users(77, uid, 1).groups(78, gid, 1));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    LayerReport report = writer.writeTo(out, Compression.NONE);
    TarReader tar = new TarReader(new ByteArrayInputStream(out.toByteArray()));
    TarEntry last = null;
    for (TarEntry entry = tar.next(); entry != null; entry = tar.next()) {
      last = entry;
    }
    assertEquals(".owner-of-the-root", new String(last.name(), StandardCharsets.US_ASCII));
    assertEquals(77, last.uid());
    assertEquals(78, last.gid());
    assertEquals(0, report.whiteouts());
  }

  @Test
  void givesTheSameBytesTwice() throws Exception {
    opaque("d");
    ByteArrayOutputStream first = new ByteArrayOutputStream();
    ByteArrayOutputStream second = new ByteArrayOutputStream();
    writer().writeTo(first, Compression.NONE);
    writer().writeTo(second, Compression.NONE);
    assertArrayEquals(first.toByteArray(), second.toByteArray());
  }

  @Test
  void tellsTheAttributesOfTheRoot() throws Exception {
    Files.setAttribute(upper, "unix:mode", 01751);
    Files.setLastModifiedTime(upper, FileTime.from(Instant.ofEpochSecond(1_600_000_000)));
    LayerWriter.Root root = writer().notAfter("1500000000").root();
    assertEquals(01751, root.permissions().mode());
    assertEquals(1_500_000_000, root.modified().getEpochSecond());
  }

  private void assertRefused(String reason) {
    OverlayException refused =
        assertThrows(
            UnsupportedException.class,
            () -> {
              writer().root();
              writer().writeTo(new ByteArrayOutputStream(), Compression.NONE);
            });
    assertTrue(refused.getMessage().contains(reason), refused::getMessage);
  }

  @Test
  void refusesAttributesOfTheRoot() throws Exception {
    attributes(upper).write("mine", ByteBuffer.wrap(new byte[1]));
    assertRefused("cannot keep /, which has extended attributes");
  }

  @Test
  void refusesWhatADriverWouldObey() throws Exception {
    attributes(upper.resolve("d/plain"))
        .write("fuseoverlayfs.opaque", ByteBuffer.wrap(new byte[1]));
    assertRefused("which drivers would obey");
  }

  /** mksquashfs 4.5.1 reads none from an archive. */
  @Test
  void refusesAnAttributeWithoutAValue() throws Exception {
    attributes(upper.resolve("d/plain")).write("empty", ByteBuffer.allocate(0));
    assertRefused("without a value");
  }

  @Test
  void refusesToHideWhatHasTheNameOfAMarker() throws Exception {
    write(base.resolve("d/.wh.x"));
    opaque("d");
    assertRefused("take its name for a marker");
  }

  @Test
  void refusesTimesThatASquashfsLacks() throws Exception {
    Files.setLastModifiedTime(upper.resolve("d/plain"), FileTime.from(Instant.ofEpochSecond(-5)));
    assertRefused("a squashfs has 1970-2106");
  }
}
