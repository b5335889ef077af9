package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.ExtendedAttributes;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.spi.Dialect;
import java.io.ByteArrayOutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LayerRoundTripTest {
  @TempDir Path directory;
  private Path upper;

  @BeforeEach
  void makeAnUpperDirectory() throws Exception {
    upper = SampleUpper.make(directory.resolve("x/upper"));
  }

  private LayerWriter writer() {
    return LayerWriter.of(Layer.at(upper).in(Dialect.NEUTRAL));
  }

  private LayerReport importFrom(Path file) {
    return LayerReader.of(file)
        .whiteouts(new ShellNodes())
        .nodes(new ShellNodes())
        .readInto(directory.resolve("back"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"l.tar", "l.tar.gz", "l.tgz", "l.tar.zst"})
  void givesBackEveryEntry(String name) throws Exception {
    LayerReport written = writer().writeTo(directory.resolve(name));
    LayerReport read = importFrom(directory.resolve(name));
    assertEquals(
        String.join("\n", TreeSnapshot.of(upper)),
        String.join("\n", TreeSnapshot.of(directory.resolve("back/upper"))));
    assertEquals(written, read);
    assertEquals(3, read.whiteouts());
    assertEquals(List.of("back", name, "x"), names(directory));
    assertEquals(List.of("upper", "work"), names(directory.resolve("back")));
  }

  private static List<String> names(Path directory) throws Exception {
    try (Stream<Path> list = Files.list(directory)) {
      return list.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {".tar", ".tar.gz", ".tar.zst"})
  void givesTheSameBytesTwiceAndAfterAnImport(String end) throws Exception {
    Path first = directory.resolve("1" + end);
    Path second = directory.resolve("2" + end);
    Path third = directory.resolve("3" + end);
    writer().writeTo(first);
    writer().writeTo(second);
    importFrom(first);
    LayerWriter.of(Layer.at(directory.resolve("back/upper")).in(Dialect.NEUTRAL)).writeTo(third);
    assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(second));
    assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(third));
  }

  @Test
  void writesToAStreamWhatItWritesToAFile() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    writer().writeTo(out, Compression.NONE);
    writer().writeTo(directory.resolve("l.tar"));
    assertArrayEquals(Files.readAllBytes(directory.resolve("l.tar")), out.toByteArray());
  }

  @Test
  void takesNoTimeAfterSourceDateEpoch() throws Exception {
    writer().notAfter("1500000000").writeTo(directory.resolve("l.tar"));
    importFrom(directory.resolve("l.tar"));
    Path back = directory.resolve("back/upper/app");
    FileTime epoch = FileTime.from(Instant.ofEpochSecond(1_500_000_000));
    assertEquals(epoch, Files.getLastModifiedTime(back));
    assertEquals(epoch, Files.getLastModifiedTime(back.resolve("tool")));
    assertEquals(
        FileTime.from(Instant.ofEpochSecond(-5)),
        Files.getLastModifiedTime(back.resolve("sparse")));
    assertThrows(InvalidSpecException.class, () -> writer().notAfter("yesterday"));
  }

  @Test
  void makesHolesOfZeros() throws Exception {
    writer().writeTo(directory.resolve("l.tar"));
    importFrom(directory.resolve("l.tar"));
    String blocks =
        new String(
            ShellNodes.run(
                List.of(
                    "stat", "-c", "%b %s", directory.resolve("back/upper/app/zeros").toString())),
            UTF_8);
    assertTrue(Integer.parseInt(blocks.split(" ")[0]) <= 16, blocks);
    assertTrue(blocks.endsWith(" 100000\n"), blocks);
  }

  @Test
  void writesTheHiddenEntriesOfEachDialect() throws Exception {
    Path fuse = directory.resolve("f/upper");
    Files.createDirectories(fuse.resolve("d/inner"));
    for (String name : List.of("d/.wh..wh..opq", "d/inner/.wh..wh..opq", "d/.wh.old", ".wh.top")) {
      Files.createFile(fuse.resolve(name));
      Files.setAttribute(fuse.resolve(name), "unix:mode", 0700);
    }
    LayerReport report =
        LayerWriter.of(Layer.at(fuse).in(Dialect.FUSE)).writeTo(directory.resolve("f.tar"));
    // what lies in an opaque directory hides nothing more
    assertEquals(
        List.of("./", ".wh.top", "d/", "d/.wh..wh..opq", "d/inner/"),
        listing(directory.resolve("f.tar")));
    assertEquals(1, report.whiteouts());
    assertEquals(1, report.opaque());
  }

  private static List<String> listing(Path tar) {
    return new String(ShellNodes.run(List.of("tar", "tf", tar.toString())), UTF_8).lines().toList();
  }

  @Test
  void refusesWhatALayerCannotExpress() throws Exception {
    Files.createFile(upper.resolve(".wh.mine"));
    Path file = directory.resolve("l.tar");
    var e = assertThrows(UnsupportedException.class, () -> writer().writeTo(file));
    assertTrue(e.getMessage().contains("/.wh.mine"), e.getMessage());
    assertEquals(List.of("x"), names(directory));
    Files.delete(upper.resolve(".wh.mine"));
    LayerWriter owned = writer().owners(OwnerMap.rootIs(Own.uid() + 1, Own.gid()));
    e = assertThrows(UnsupportedException.class, () -> owned.writeTo(file));
    assertTrue(e.getMessage().contains("user " + Own.uid() + " of the host"), e.getMessage());
  }

  @Test
  void mapsOwnersBothWays() throws Exception {
    OwnerMap owners = OwnerMap.rootIs(Own.uid(), Own.gid());
    writer().owners(owners).writeTo(directory.resolve("l.tar"));
    String tar =
        new String(
            ShellNodes.run(
                List.of("tar", "tv", "--numeric-owner", "-f", directory + "/l.tar", "app/")),
            UTF_8);
    assertTrue(
        tar.lines()
            .filter(line -> !line.startsWith("tar: "))
            .allMatch(line -> line.contains(" 0/0 ")),
        tar);
    LayerReader.of(directory.resolve("l.tar"))
        .owners(owners)
        .whiteouts(new ShellNodes())
        .nodes(new ShellNodes())
        .readInto(directory.resolve("back"));
    assertEquals(TreeSnapshot.of(upper), TreeSnapshot.of(directory.resolve("back/upper")));
  }

  @Test
  void leavesOutSocketsAndSaysSo() throws Exception {
    try (var socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.bind(UnixDomainSocketAddress.of(upper.resolve("s")));
      LayerReport report = writer().writeTo(directory.resolve("l.tar"));
      assertEquals(List.of(ContainerPath.of("/s")), report.skipped());
    }
  }

  @Test
  void neverReplacesAFile() throws Exception {
    Files.writeString(directory.resolve("l.tar"), "precious");
    assertThrows(InvalidSpecException.class, () -> writer().writeTo(directory.resolve("l.tar")));
    assertThrows(InvalidSpecException.class, () -> writer().writeTo(directory.resolve("l.zip")));
    assertEquals("precious", Files.readString(directory.resolve("l.tar")));
    assertEquals(List.of("l.tar", "x"), names(directory));
  }

  @Test
  void carriesAttributesThatJavaDoesNotSee() {
    byte[] capability = {1, 0, 0, 2, 0, (byte) 0xff, (byte) 0x80, 10, 0};
    Layer layer = Layer.at(upper).in(Dialect.NEUTRAL).with(new OneCapability(capability));
    LayerWriter.of(layer).writeTo(directory.resolve("l.tar"));
    Map<String, String> set = new TreeMap<>();
    LayerReader.of(directory.resolve("l.tar"))
        .whiteouts(new ShellNodes())
        .nodes(new RecordedAttributes(set))
        .readInto(directory.resolve("back"));
    assertEquals(Map.of("tool security.capability", HexFormat.of().formatHex(capability)), set);
  }

  /** What getfattr would find as root. */
  private record OneCapability(byte[] value) implements ExtendedAttributes {
    @Override
    public Map<String, byte[]> of(Path entry) {
      return entry.endsWith("app/tool") ? Map.of("security.capability", value) : Map.of();
    }

    @Override
    public void remove(Path entry, String name) {
      throw new AssertionError(name);
    }
  }

  /** Only root may set what this is asked to set. */
  private record RecordedAttributes(Map<String, String> set) implements NodeMaker {
    @Override
    public void device(Path file, boolean block, int major, int minor) {
      throw new AssertionError(file);
    }

    @Override
    public void fifo(Path file) {
      new ShellNodes().fifo(file);
    }

    @Override
    public void attribute(Path file, String name, byte[] value) {
      set.put(file.getFileName() + " " + name, HexFormat.of().formatHex(value));
    }

    @Override
    public void modified(Path file, Instant time) {
      new ShellNodes().modified(file, time);
    }
  }
}
