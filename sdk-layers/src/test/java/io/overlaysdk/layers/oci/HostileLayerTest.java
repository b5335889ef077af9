package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.oci.TarEntry.Type;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HostileLayerTest {
  @TempDir Path directory;
  private Path outside;
  private Path overlay;

  @BeforeEach
  void putSomethingOutside() throws Exception {
    outside = Files.createDirectory(directory.resolve("outside"));
    Files.writeString(outside.resolve("precious"), "untouched");
    overlay = directory.resolve("overlay");
  }

  private LayerReader reader(byte[] layer) {
    return LayerReader.of(TarBytes.write(directory, layer))
        .whiteouts(new ShellNodes())
        .nodes(new ShellNodes());
  }

  /** Asserts that nothing is left, inside or outside. */
  private <T extends OverlayException> T refused(Class<T> type, LayerReader reader)
      throws IOException {
    T e = assertThrows(type, () -> reader.readInto(overlay));
    try (Stream<Path> files = Files.list(directory)) {
      assertEquals(
          List.of("layer.tar", "outside"),
          files.map(file -> file.getFileName().toString()).sorted().toList());
    }
    try (Stream<Path> files = Files.list(outside)) {
      assertEquals(List.of(outside.resolve("precious")), files.toList());
    }
    assertEquals("untouched", Files.readString(outside.resolve("precious")));
    assertEquals(1, Files.getAttribute(outside.resolve("precious"), "unix:nlink"));
    return e;
  }

  private static TarBytes tar() {
    return new TarBytes();
  }

  private static String pax(String keyword, String value) {
    return TarBytes.pax(keyword, value);
  }

  private static TarBytes withPax(String... records) {
    return tar().raw('x', "pax", String.join("", records));
  }

  static Stream<Arguments> hostile() {
    return Stream.of(
        arguments("an absolute name", tar().file("/etc/passwd", "x")),
        arguments("a name with \"..\"", tar().file("../outside/new", "x")),
        arguments("a name with \"..\"", tar().directory("a/").file("a/../../outside/new", "x")),
        arguments("a name with \"..\"", tar().directory("..")),
        arguments("an entry without a name", tar().file("", "x")),
        arguments("with the name of a directory", tar().file("a/", "x")),
        arguments("with the name of a directory", tar().file(".", "x")),
        arguments("with the name of a directory", tar().symlink("./", "/etc")),
        arguments("no directory in this layer", tar().symlink("a", "/").file("a/etc", "x")),
        arguments("no directory in this layer", tar().symlink("a", "../..").directory("a/b/")),
        arguments("twice", tar().symlink("a", "/etc").directory("a/")),
        arguments("no directory in this layer", tar().file("a", "x").file("a/b", "x")),
        arguments("twice", tar().file("a", "x").file("a", "y")),
        arguments("twice", tar().file("a", "x").symlink("a", "y")),
        arguments("twice", tar().symlink("a", "../outside/precious").file("a", "y")),
        arguments("twice", tar().directory("a/").file("a", "y")),
        arguments("twice", tar().file("a", "x").directory("a/")),
        arguments("twice", tar().file("a", "x").file("b", "y").link("a", "b")),
        arguments("an absolute name", tar().link("a", "/etc/passwd")),
        arguments("a name with \"..\"", tar().link("a", "../outside/precious")),
        arguments("a hard link to", tar().symlink("s", "..").link("a", "s/outside")),
        arguments("a hard link to", tar().directory("d/").link("a", "d")),
        arguments("a hard link to", tar().link("a", "b").file("b", "x")),
        arguments("a hard link to no file", tar().link("a", ".")),
        arguments("a hard link to no file", tar().link("a", ".wh.b")),
        arguments("an entry without a name", tar().link("a", "")),
        arguments("without a target", tar().symlink("a", "")),
        arguments("for which it has no entry", tar().file("a/b", "x")),
        arguments("names no file", tar().file(".wh.", "")),
        arguments("names no file", tar().file(".wh..", "")),
        arguments("names no file", tar().file(".wh...", "")),
        arguments("names no file", tar().file(".wh..wh.plnk", "")),
        arguments("names no file", tar().file(".wh..wh..wh..opq", "")),
        arguments("below a whiteout", tar().file(".wh.a/b", "")),
        arguments("name of a whiteout", tar().directory(".wh.a/")),
        arguments("no empty file", tar().file(".wh.a", "x")),
        arguments("no empty file", tar().symlink(".wh.a", "x")),
        arguments("no empty file", tar().file("a", "").link(".wh.a", "a")),
        arguments("twice", tar().file(".wh.a", "").file("./.wh.a", "")),
        arguments("character device 0:0", tar().add(node(Type.CHARACTER, 0, 0), "")),
        arguments("components", tar().directory("a/".repeat(300))),
        arguments("component of 256 bytes", tar().file("x".repeat(256), "")),
        arguments("no path is longer", tar().file("x/".repeat(2500), "")),
        arguments("symbolic link", tar().symlink("a", "x".repeat(5000))),
        arguments("drivers obey", attribute("trusted.overlay.redirect")),
        arguments("drivers obey", attribute("user.overlay.opaque")),
        arguments("drivers obey", attribute("user.fuseoverlayfs.opaque")),
        arguments("drivers obey", attribute("user.containers.override_stat")),
        arguments("NUL", withPax(pax("path", "a\0b")).file("x", "")),
        arguments("NUL", withPax(pax("linkpath", "a\0b")).symlink("x", "y")),
        arguments("without a name", withPax(pax("path", "")).file("x", "")),
        arguments("\"..\"", withPax(pax("path", "../outside/new")).file("x", "y")),
        arguments("size", withPax(pax("size", "-1")).file("x", "")),
        arguments("truncated", withPax(pax("size", "9" + "0".repeat(17))).file("x", "")),
        arguments("size", withPax(pax("size", "99999999999999999999")).file("x", "")),
        arguments("SYMLINK member with content", withPax(pax("size", "512")).symlink("x", "y")),
        arguments("uid", withPax(pax("uid", "4294967295")).file("x", "")),
        arguments("uid", withPax(pax("uid", "root")).file("x", "")),
        arguments("time", withPax(pax("mtime", "tomorrow")).file("x", "")),
        arguments("year", withPax(pax("mtime", "999999999999")).file("x", "")),
        arguments("twice", withPax(pax("path", "a"), pax("path", "b")).file("x", "")),
        arguments("follow one another", withPax(pax("path", "a")).raw('x', "p", pax("path", "b"))),
        arguments("longer than it says", withPax("8 path=a\n").file("x", "")),
        arguments("longer than it says", withPax("99 path=a\n").file("x", "")),
        arguments("no number", withPax("x path=a\n").file("x", "")),
        arguments("no number", withPax("-1 path=a\n").file("x", "")),
        arguments("longer than it says", withPax("0 path=a\n").file("x", "")),
        arguments("without", withPax("999999999999 path=a\n").file("x", "")),
        arguments("keyword", withPax("5 =a\n").file("x", "")),
        arguments("GNU.sparse", withPax(pax("GNU.sparse.major", "1")).file("x", "")),
        arguments("SCHILY.acl", withPax(pax("SCHILY.acl.access", "user::rwx")).file("x", "")),
        arguments("for all members", tar().raw('g', "g", pax("path", "a")).file("x", "")),
        arguments("for all members", tar().raw('g', "g", pax("size", "0")).file("x", "y")),
        arguments("too large", tar().raw('x', "x", pax("comment", "x".repeat(2_000_000)))),
        arguments("two long names", tar().raw('L', "l", "a\0").raw('L', "l", "b\0").file("x", "")),
        arguments(
            "one of each kind",
            tar().raw('L', "l", "a\0").raw('x', "x", pax("path", "b")).file("x", "")),
        arguments("after an extended header", withPax(pax("path", "a"))),
        arguments("type \"S\"", tar().raw('S', "x", "")),
        arguments("type \"V\"", tar().raw('V', "x", "")),
        arguments("type \"\\255\"", tar().raw('\u00ff', "x", "")));
  }

  private static TarBytes attribute(String name) {
    return tar().add(TarBytes.entry(Type.FILE, "a", "", 0, Map.of(name, new byte[] {'y'})), "");
  }

  private static TarEntry node(Type type, int major, int minor) {
    TarEntry e = TarBytes.entry(type, "node", "", 0);
    return new TarEntry(
        type,
        e.name(),
        e.link(),
        0600,
        e.uid(),
        e.gid(),
        0,
        e.modified(),
        major,
        minor,
        e.xattrs());
  }

  @ParameterizedTest
  @MethodSource("hostile")
  void refuses(String why, TarBytes layer) throws IOException {
    var e = refused(InvalidLayerException.class, reader(layer.bytes()));
    assertTrue(e.getMessage().contains(why), e.getMessage());
  }

  @Test
  void refusesADirectoryThatWouldReplaceALinkItsFilesGoThrough() throws IOException {
    String outsideName = outside.toString();
    for (TarBytes layer :
        List.of(
            tar().symlink("a", outsideName).file("a/precious", "x"),
            tar().symlink("a", outsideName).directory("a").file("a/precious", "x"),
            tar().symlink("a", outsideName).directory("a/").file("a/precious", "x"),
            tar().symlink("a", outsideName + "/new").file("a", "x"),
            tar().symlink("a", outsideName + "/precious").link("b", "a").file("b", "x"),
            tar().symlink("a", outsideName).file("a/.wh.precious", ""),
            tar().symlink("a", outsideName).link("b", "a/precious"))) {
      refused(InvalidLayerException.class, reader(layer.bytes()).implyingDirectories());
    }
  }

  @Test
  void takesALinkToALinkForASecondNameOfTheLink() throws IOException {
    byte[] layer = tar().symlink("a", outside + "/precious").link("b", "a").bytes();
    reader(layer).readInto(overlay);
    Path b = overlay.resolve("upper/b");
    assertTrue(Files.isSymbolicLink(b));
    assertEquals(2, Files.getAttribute(b, "unix:nlink", LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void refusesAnArchiveThatIsCutOffAnywhere() throws IOException {
    byte[] whole =
        withPax(pax("path", "long/".repeat(30) + "name"))
            .directory("x")
            .directory("d/")
            .file("d/f", "content")
            .bytes();
    for (int length = 0; length < whole.length; length += 101) {
      byte[] part = Arrays.copyOf(whole, length);
      refused(InvalidLayerException.class, reader(part).implyingDirectories());
    }
    refused(InvalidLayerException.class, reader(Arrays.copyOf(whole, whole.length - 512)));
  }

  @Test
  void refusesWhatIsNoArchive() throws IOException {
    for (byte[] bytes :
        List.of(
            "hello".getBytes(ISO_8859_1),
            "hello".repeat(1000).getBytes(ISO_8859_1),
            new byte[] {0x1f, (byte) 0x8b},
            new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3},
            new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 1, 2, 3},
            tar().file("a", "x").block(new byte[1024]).block("more".getBytes(ISO_8859_1)).bytes(),
            tar().file("a", "x").block(new byte[512]).file("b", "x").bytes())) {
      refused(InvalidLayerException.class, reader(bytes));
    }
  }

  @Test
  void refusesAHeaderWhoseChecksumOrNumbersAreWrong() throws IOException {
    byte[] good = tar().file("a", "x").bytes();
    for (int at : new int[] {0, 100, 108, 124, 136, 148, 257}) {
      byte[] bad = good.clone();
      bad[at] ^= 1;
      refused(InvalidLayerException.class, reader(bad));
    }
    UstarHeader negative = UstarHeader.empty();
    negative.put(UstarHeader.Field.NAME, new byte[] {'a'});
    byte[] minus = new byte[12];
    Arrays.fill(minus, (byte) 0xff);
    negative.put(UstarHeader.Field.SIZE, minus);
    negative.flag((byte) '0');
    refused(InvalidLayerException.class, reader(tar().block(negative.sealed()).bytes()));
  }

  @Test
  void stopsABomb() throws IOException {
    byte[] bomb = tar().file("a", "\0".repeat(5_000_000)).bytes();
    ByteArrayOutputStream zip = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(zip)) {
      gzip.write(bomb);
    }
    LayerLimits few = LayerLimits.DEFAULT.withBytes(1_000_000);
    var e = refused(InvalidLayerException.class, reader(zip.toByteArray()).limits(few));
    assertTrue(e.getMessage().contains("1000000 bytes"), e.getMessage());
    byte[] many = tar().directory("a/").directory("b/").directory("c/").bytes();
    LayerReader most = reader(many).limits(LayerLimits.DEFAULT.withEntries(2));
    e = refused(InvalidLayerException.class, most);
    assertTrue(e.getMessage().contains("the 2 entries"), e.getMessage());
  }

  @Test
  void stopsWhatGrowsOutOfProportion() throws IOException {
    LayerLimits limits = LayerLimits.DEFAULT.withRatio(1000);
    try (var in =
        new LimitedInput(
            new Zeros(),
            new LimitedInput.Counter(new java.io.ByteArrayInputStream(new byte[9])),
            limits)) {
      var e = assertThrows(InvalidLayerException.class, () -> in.skipNBytes(2L << 30));
      assertTrue(e.getMessage().contains("1000 times"), e.getMessage());
      assertTrue(in.count() > 1L << 30);
    }
  }

  /** As much as anyone wants. */
  private static final class Zeros extends java.io.InputStream {
    @Override
    public int read() {
      return 0;
    }

    @Override
    public int read(byte[] into, int offset, int length) {
      return length;
    }
  }

  @Test
  void refusesWhatOnlyAToolCanMakeWhereThereIsNone() throws IOException {
    for (TarBytes layer :
        List.of(
            tar().add(node(Type.FIFO, 0, 0), ""),
            tar().add(node(Type.CHARACTER, 1, 3), ""),
            tar().file(".wh.gone", ""),
            attribute("security.capability"))) {
      refused(UnsupportedException.class, LayerReader.of(TarBytes.write(directory, layer.bytes())));
    }
  }

  @Test
  void refusesADeviceThatThisUserMayNotMake() throws IOException {
    if (!Own.isRoot()) {
      refused(OverlayException.class, reader(tar().add(node(Type.BLOCK, 7, 0), "").bytes()));
    }
  }

  @Test
  void refusesAnOwnerThatCannotBeSet() throws IOException {
    byte[] layer = tar().file("a", "").bytes();
    OwnerMap nobody = OwnerMap.rootIs(12345, 12345);
    if (Own.uid() != 0) {
      refused(UnsupportedException.class, reader(layer).owners(nobody));
      OwnerMap other = OwnerMap.identity().users(Own.uid(), 12345, 1);
      refused(UnsupportedException.class, reader(layer).owners(other));
    } else {
      reader(layer).owners(nobody).readInto(overlay);
      assertEquals(12345, Files.getAttribute(overlay.resolve("upper/a"), "unix:uid"));
    }
  }

  @Test
  void neverUnpacksIntoWhatExists() throws IOException {
    Files.createDirectory(overlay);
    LayerReader reader = reader(tar().file("a", "").bytes());
    assertThrows(InvalidSpecException.class, () -> reader.readInto(overlay));
    assertFalse(Files.exists(overlay.resolve("upper")));
  }

  @Test
  void leavesNothingWhereModesForbidIt() throws IOException {
    TarEntry e = TarBytes.entry(Type.DIRECTORY, "d/", "", 0);
    TarEntry closed =
        new TarEntry(
            e.type(), e.name(), e.link(), 0, e.uid(), e.gid(), 0, e.modified(), 0, 0, e.xattrs());
    byte[] layer = tar().add(closed, "").file("d/f", "x").file("d/f", "y").bytes();
    refused(InvalidLayerException.class, reader(layer));
    byte[] good = tar().add(closed, "").file("d/f", "x").bytes();
    reader(good).readInto(overlay);
    assertEquals(040000, Files.getAttribute(overlay.resolve("upper/d"), "unix:mode"));
    Files.setAttribute(overlay.resolve("upper/d"), "unix:mode", 0700);
  }
}
