package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.spi.Dialect;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpaqueImportTest {
  @TempDir Path directory;
  private Path base;
  private Path middle;
  private Path overlay;

  @BeforeEach
  void makeTwoLowers() throws Exception {
    base = directory.resolve("base");
    middle = directory.resolve("middle");
    overlay = directory.resolve("overlay");
    for (String name : List.of("d/sub/x", "d/sub/y", "d/plain", "d/other/z", "e/f", "d/gone")) {
      write(base.resolve(name));
    }
    Files.createSymbolicLink(base.resolve("link"), Path.of("d"));
    Files.setAttribute(base.resolve("e"), "unix:mode", 01777);
    for (String name : List.of("d/middle", "d/sub/new")) {
      write(middle.resolve(name));
    }
    new ShellNodes().create(middle.resolve("d/gone"));
  }

  private static void write(Path file) throws Exception {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "x");
  }

  private LayerReader reader(TarBytes layer) {
    return LayerReader.of(layer.in(directory)).whiteouts(new ShellNodes()).nodes(new ShellNodes());
  }

  private List<Layer> lowers() {
    return List.of(Layer.base(base), Layer.at(middle).in(Dialect.NEUTRAL));
  }

  private static TarBytes opaque() {
    return new TarBytes()
        .directory("./")
        .directory("d/")
        .add(TarEntry.marker("d/.wh..wh..opq".getBytes(US_ASCII)), "")
        .file("d/plain", "mine")
        .directory("d/sub/")
        .file("d/sub/y", "mine");
  }

  /** What lies in the upper directory, whiteouts with a minus in front. */
  private List<String> upper() throws Exception {
    Path upper = overlay.resolve("upper");
    try (Stream<Path> walk = Files.walk(upper)) {
      return walk.skip(1).sorted().map(file -> line(upper, file)).toList();
    }
  }

  private static String line(Path upper, Path file) {
    boolean whiteout = !Files.isRegularFile(file) && !Files.isDirectory(file);
    return (whiteout ? "-" : "") + upper.relativize(file);
  }

  @Test
  void hidesEachEntryOfTheLayersBelow() throws Exception {
    LayerReport report = reader(opaque()).over(lowers()).readInto(overlay);
    assertEquals(
        List.of(
            "d", "-d/middle", "-d/other", "d/plain", "d/sub", "-d/sub/new", "-d/sub/x", "d/sub/y"),
        upper());
    assertEquals(4, report.whiteouts());
    assertEquals(1, report.opaque());
  }

  @Test
  void refusesAnOpaqueDirectoryWithoutTheLayersBelow() throws Exception {
    var e = assertThrows(UnsupportedException.class, () -> reader(opaque()).readInto(overlay));
    assertTrue(e.getMessage().contains("makes /d opaque"), e.getMessage());
    assertTrue(Files.notExists(overlay));
  }

  @Test
  void marksAnOpaqueDirectoryForOneDriver() throws Exception {
    byte[] layer = opaque().bytes();
    for (Dialect dialect : List.of(Dialect.FUSE, Dialect.KERNEL_USERXATTR)) {
      overlay = directory.resolve("overlay-" + dialect);
      reader(opaque()).in(dialect).readInto(overlay);
      Path again = directory.resolve(dialect + ".tar");
      LayerWriter.of(Layer.at(overlay.resolve("upper")).in(dialect)).writeTo(again);
      assertArrayEquals(layer, Files.readAllBytes(again), dialect.name());
    }
    assertThrows(InvalidSpecException.class, () -> reader(opaque()).in(Dialect.KERNEL_PLAIN));
  }

  @Test
  void takesAWhiteoutBesideADirectoryForAnOpaqueOne() throws Exception {
    TarBytes layer =
        new TarBytes()
            .file(".wh.d", "")
            .directory("d/")
            .file("d/new", "")
            .file(".wh.e", "")
            .file("e", "now a file")
            .file(".wh.nothing", "");
    reader(layer).over(lowers()).readInto(overlay);
    assertEquals(
        List.of("d", "-d/middle", "d/new", "-d/other", "-d/plain", "-d/sub", "e", "-nothing"),
        upper());
  }

  @Test
  void givesADirectoryWithoutAnEntryTheAttributesOfTheOneBelow() throws Exception {
    Files.getFileAttributeView(base.resolve("e"), UserDefinedFileAttributeView.class)
        .write("mark", ByteBuffer.wrap(new byte[] {1}));
    LayerReport report =
        reader(new TarBytes().file("e/new", "").file("n/m/deep", ""))
            .owners(OwnerMap.everyoneIs(Own.uid(), Own.gid()))
            .over(lowers())
            .readInto(overlay);
    Path e = overlay.resolve("upper/e");
    assertEquals(041777, Files.getAttribute(e, "unix:mode"));
    assertEquals(
        List.of("mark"), Files.getFileAttributeView(e, UserDefinedFileAttributeView.class).list());
    assertEquals(Files.getLastModifiedTime(base.resolve("e")), Files.getLastModifiedTime(e));
    assertEquals(
        List.of(ContainerPath.of("/e"), ContainerPath.of("/n"), ContainerPath.of("/n/m")),
        report.implied());
    assertEquals(
        040755,
        Files.getAttribute(overlay.resolve("upper/n/m"), "unix:mode", LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void refusesAnEntryBelowALinkOfTheLayersBelow() {
    TarBytes layer = new TarBytes().file("link/new", "");
    var e =
        assertThrows(
            InvalidLayerException.class, () -> reader(layer).over(lowers()).readInto(overlay));
    assertTrue(e.getMessage().contains("/link, which is a SYMLINK"), e.getMessage());
  }
}
