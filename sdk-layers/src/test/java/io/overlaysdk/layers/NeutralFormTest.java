package io.overlaysdk.layers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.layers.NeutralForm.Rewritten;
import io.overlaysdk.spi.Dialect;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NeutralFormTest {
  @TempDir Path directory;
  private Path base;
  private Path overlay;
  private Path upper;
  private final Mknod mknod = new Mknod();

  @BeforeEach
  void makeLayers() throws IOException {
    base = Files.createDirectories(directory.resolve("base/d")).getParent();
    Files.writeString(base.resolve("d/x"), "x");
    Files.writeString(base.resolve("d/y"), "y");
    overlay = directory.resolve("overlay");
    upper = Files.createDirectories(overlay.resolve("upper"));
  }

  @Test
  void opaqueDirectoryGetsAWhiteoutForEachHiddenEntryAndKeepsItsTime() throws IOException {
    Path opaque = Files.createDirectory(upper.resolve("d"));
    Files.writeString(opaque.resolve("y"), "mine");
    marker(opaque.resolve(".wh..wh..opq"));
    Mknod.make(opaque.resolve(".wh..opq"), 0700);
    Tree.setAttribute(opaque, "user.fuseoverlayfs.opaque", "y");
    FileTime time = FileTime.from(java.time.Instant.ofEpochSecond(1_000_000_000, 123_456_789));
    Files.setLastModifiedTime(opaque, time);

    assertEquals(new Rewritten(1, 2, 1), rewrite(Layer.at(upper).in(Dialect.FUSE)));
    assertTrue(isWhiteout(opaque.resolve("x")));
    assertEquals("mine", Files.readString(opaque.resolve("y")));
    assertEquals(List.of("x", "y"), names(opaque));
    assertEquals(time, Files.getLastModifiedTime(opaque));
    assertEquals(List.of("upper"), names(overlay));
    assertTrue(rewrite(Layer.at(upper).in(Dialect.FUSE)).nothing());
  }

  @Test
  void directoryInAnOpaqueOneHidesToo() throws IOException {
    Files.createDirectories(base.resolve("d/sub/deep"));
    Files.writeString(base.resolve("d/sub/deep/z"), "z");
    Files.createDirectories(upper.resolve("d/sub/deep"));
    Tree.setAttribute(upper.resolve("d"), "user.overlay.opaque", "y");

    rewrite(Layer.at(upper).in(Dialect.KERNEL_USERXATTR));

    assertEquals(List.of("sub", "x", "y"), names(upper.resolve("d")));
    assertTrue(isWhiteout(upper.resolve("d/sub/deep/z")));
  }

  @Test
  void oneDeviceIsMadeForAllWhiteouts() throws IOException {
    Path below = Files.createDirectory(base.resolve("many"));
    Path opaque = Files.createDirectory(upper.resolve("many"));
    for (int i = 0; i < 50; i++) {
      Files.createFile(below.resolve("f" + i));
    }
    marker(opaque.resolve(".wh..wh..opq"));

    assertEquals(50, rewrite(Layer.at(upper)).whiteouts());
    assertEquals(1, mknod.calls);
  }

  @Test
  void emptyFileThatIsAWhiteoutByAttributeBecomesADevice() throws IOException {
    Path holder = Files.createDirectory(upper.resolve("d"));
    Files.createFile(holder.resolve("x"));
    Tree.setAttribute(holder, "user.overlay.opaque", "x");
    Tree.setAttribute(holder.resolve("x"), "user.overlay.whiteout", "y");

    rewrite(Layer.at(upper).in(Dialect.KERNEL_USERXATTR));

    assertTrue(isWhiteout(holder.resolve("x")));
    assertEquals(List.of("x"), names(holder));
  }

  @Test
  void namesWhatItCannotExpressAndChangesNothing() throws IOException {
    Files.writeString(upper.resolve(".wh.mine"), "");
    Files.createDirectory(upper.resolve("d"));
    Tree.setAttribute(upper.resolve("d"), "user.overlay.opaque", "y");

    InexpressibleException refusal =
        assertThrows(
            InexpressibleException.class, () -> rewrite(Layer.at(upper).in(Dialect.KERNEL_PLAIN)));

    assertEquals(
        List.of(upper.resolve("d"), upper.resolve(".wh.mine")),
        refusal.entries().stream().map(InexpressibleException.Entry::file).toList());
    assertEquals(List.of(".wh.mine", "d"), names(upper));
  }

  @Test
  void worksInDirectoriesThatTheirOwnerMayNotWriteTo() throws IOException {
    Path opaque = Files.createDirectory(upper.resolve("d"));
    Path file = Files.writeString(opaque.resolve("y"), "mine");
    marker(opaque.resolve(".wh..wh..opq"));
    Tree.setAttribute(file, "user.fuseoverlayfs.origin", "d/y");
    Files.setAttribute(file, "unix:mode", 0400);
    Files.setAttribute(opaque, "unix:mode", 0500);

    rewrite(Layer.at(upper));

    assertEquals(List.of("x", "y"), names(opaque));
    assertEquals(0500, mode(opaque));
    assertEquals(0400, mode(file));
    assertFalse(
        UserAttributes.of(file, LayerEntry.Kind.FILE).containsKey("user.fuseoverlayfs.origin"));
  }

  @Test
  void putsBackWhatAKilledRunPutAside() throws IOException {
    Path put = Files.createDirectory(upper.resolve("d"));
    Files.writeString(
        overlay.resolve("neutral.journal"),
        "500 d 1000000000 5 " + HexFormat.of().formatHex("d".getBytes(UTF_8)) + "\n700 d 10");

    rewrite(Layer.at(upper).in(Dialect.FUSE));

    assertEquals(0500, mode(put));
    assertEquals(1_000_000_000_000L, Files.getLastModifiedTime(put).toMillis());
    assertEquals(List.of("upper"), names(overlay));
  }

  /** It lies where whoever wrote to the overlay could write too. */
  @Test
  void isNotLedOutByAJournalThatSomebodyElseMade() throws IOException {
    Path outside = Files.createDirectory(overlay.resolveSibling("outside"));
    Files.setAttribute(outside, "unix:mode", 0750);
    Files.createDirectory(upper.resolve("d"));
    Files.createSymbolicLink(upper.resolve("link"), overlay.getParent());
    Path journal = overlay.resolve("neutral.journal");
    for (String name : List.of("../../outside", "link/outside", "d/../../../outside", "/")) {
      Files.writeString(
          journal, "4777 d 1 5 " + HexFormat.of().formatHex(name.getBytes(UTF_8)) + "\n");
      assertThrows(
          CorruptOverlayException.class, () -> rewrite(Layer.at(upper).in(Dialect.FUSE)), name);
      assertEquals(0750, mode(outside), name);
      Files.delete(journal);
    }
    Path file = Files.writeString(outside.resolve("file"), "kept");
    Files.createSymbolicLink(journal, file);
    assertThrows(CorruptOverlayException.class, () -> rewrite(Layer.at(upper).in(Dialect.FUSE)));
    assertEquals("kept", Files.readString(file));
  }

  @Test
  void attributeDumpIsReadByTheBytesOfItsPaths() {
    AttributeDump dump =
        AttributeDump.parse(
            new ByteArrayInputStream(
                ("# file: /o/a\\012b\\134\n"
                        + "trusted.overlay.metacopy\n"
                        + "trusted.overlay.opaque=0x79\n\n"
                        + "# file: /\ntrusted.overlay.uuid=0x\n")
                    .getBytes(UTF_8)),
            (entry, name) -> {});

    assertArrayEquals(
        new byte[] {'y'}, dump.of(Path.of("/o/a\nb\\")).get("trusted.overlay.opaque"));
    assertTrue(dump.of(Path.of("/o/a\nb\\")).containsKey("trusted.overlay.metacopy"));
    assertTrue(dump.of(Path.of("/")).containsKey("trusted.overlay.uuid"));
  }

  private Rewritten rewrite(Layer layer) {
    return NeutralForm.make(List.of(Layer.base(base)), layer, mknod, overlay);
  }

  private static void marker(Path file) throws IOException {
    Files.createFile(file);
    Files.setAttribute(file, "unix:mode", 0700);
  }

  private static boolean isWhiteout(Path file) {
    return Stat.of(file).kind() == LayerEntry.Kind.WHITEOUT;
  }

  private static int mode(Path file) {
    return Stat.of(file).permissions();
  }

  private static List<String> names(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }
}
