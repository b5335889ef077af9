package io.overlaysdk.layers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.overlaysdk.Change;
import io.overlaysdk.Changes;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.spi.Dialect;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MarkersTest {
  @TempDir Path directory;
  private Path base;
  private Path upper;
  private final Map<Path, Map<String, byte[]>> trusted = new HashMap<>();
  private final ExtendedAttributes helper =
      new ExtendedAttributes() {
        @Override
        public Map<String, byte[]> of(Path entry) {
          return trusted.getOrDefault(entry, Map.of());
        }

        @Override
        public void remove(Path entry, String name) {
          trusted.get(entry).remove(name);
        }
      };

  @BeforeEach
  void makeLayers() throws IOException {
    base = Files.createDirectories(directory.resolve("base"));
    upper = Files.createDirectories(directory.resolve("overlay/upper"));
    write(base, "f", "old");
    write(base, "d/x", "x");
    write(base, "d/y", "y");
    write(base, "d/sub/z", "z");
  }

  @Test
  void deviceWithNumberZeroHidesWhatLiesBelowAndNothingElse() {
    Mknod.make(upper.resolve("f"), 0);
    Mknod.make(upper.resolve("nothing"), 0);

    assertChanges("DELETED /f");
  }

  @Test
  void removedTreeIsOneChangeUnlessAllAreAskedFor() {
    Mknod.make(upper.resolve("d"), 0);

    assertChanges("DELETED /d");
    assertEquals(
        List.of("DELETED /d", "DELETED /d/sub", "DELETED /d/sub/z", "DELETED /d/x", "DELETED /d/y"),
        changes(layer(), ChangeOptions::all));
  }

  @Test
  void emptyFileOfMode0700WithTheNameOfAWhiteoutIsOne() throws IOException {
    marker(upper.resolve(".wh.f"));

    assertChanges("DELETED /f");
  }

  @Test
  void usersFileWithTheNameOfAWhiteoutIsAFile() throws IOException {
    write(upper, ".wh.f", "");
    write(upper, ".wh.d", "text");
    write(upper, ".wh.", "");

    assertChanges("ADDED /.wh.", "ADDED /.wh.d", "ADDED /.wh.f");
  }

  @Test
  void usersFileStaysAFileWhereFuseOverlayfsWroteTheRest() throws IOException {
    write(upper, ".wh.f", "text");
    marker(upper.resolve(".wh.d"));
    write(upper, "new", "");
    Tree.setAttribute(upper.resolve("new"), "user.fuseoverlayfs.origin", "x");

    assertChanges("ADDED /.wh.f", "DELETED /d", "ADDED /new");
  }

  @Test
  void kernelEvidenceMakesAFileOfWhatLooksLikeAWhiteout() throws IOException {
    marker(upper.resolve(".wh.f"));
    Files.createDirectory(upper.resolve("new"));
    Tree.setAttribute(upper.resolve("new"), "user.overlay.opaque", "y");

    assertChanges("ADDED /.wh.f", "ADDED /new");
  }

  @Test
  void statedKernelDialectMakesAFileOfWhatLooksLikeAWhiteout() throws IOException {
    marker(upper.resolve(".wh.f"));

    assertEquals(
        List.of("ADDED /.wh.f"), changes(Layer.at(upper).in(Dialect.KERNEL_PLAIN), o -> o));
  }

  @Test
  void fileThatMakesItsDirectoryOpaqueHidesAllThatIsNotInIt() throws IOException {
    write(upper, "d/y", "y");
    marker(upper.resolve("d/.wh..wh..opq"));
    Mknod.make(upper.resolve("d/.wh..opq"), 0700);

    assertChanges("DELETED /d/sub", "DELETED /d/x");
  }

  @Test
  void attributesMakeADirectoryOpaque() throws IOException {
    for (String name : List.of("user.overlay.opaque", "user.fuseoverlayfs.opaque")) {
      delete(upper.resolve("d/y"), upper.resolve("d"));
      write(upper, "d/y", "y");
      Tree.setAttribute(upper.resolve("d"), name, "y");

      assertChanges("DELETED /d/sub", "DELETED /d/x");
    }
  }

  @Test
  void opaqueDirectoryIsComparedDeepDown() throws IOException {
    write(upper, "d/x", "x");
    write(upper, "d/y", "changed");
    Files.createDirectory(upper.resolve("d/sub"));
    Tree.setAttribute(upper.resolve("d"), "user.overlay.opaque", "y");

    assertChanges("DELETED /d/sub/z", "MODIFIED /d/y");
  }

  @Test
  void opaqueDirectoryOfRootsKernelIsReadWithHelp() throws IOException {
    write(upper, "d/y", "y");
    trusted(upper.resolve("d"), "trusted.overlay.opaque", "y");

    assertChanges("DELETED /d/sub", "DELETED /d/x");
  }

  @Test
  void refusesToGuessWhatOnlyRootCanRead() throws IOException {
    write(upper, "d/y", "y");
    Layer layer = Layer.at(upper).in(Dialect.KERNEL_TRUSTED);

    UnreadableMarkersException refusal =
        assertThrows(UnreadableMarkersException.class, () -> changes(layer, o -> o));
    assertEquals(upper.resolve("d"), refusal.entry());
  }

  @Test
  void attributesOfTheUserThatLookLikeMarkersAreTheUsersOnRootsKernel() throws IOException {
    write(upper, "d/y", "y");
    Tree.setAttribute(upper.resolve("d"), "user.overlay.opaque", "y");
    trusted(upper, "trusted.overlay.impure", "y");

    assertChanges("METADATA /d");
  }

  @Test
  void emptyFileIsAWhiteoutByAttributeInADirectoryThatSaysSo() throws IOException {
    write(upper, "d/x", "");
    write(upper, "d/y", "");
    Tree.setAttribute(upper.resolve("d/x"), "user.overlay.whiteout", "y");

    assertChanges("MODIFIED /d/x", "MODIFIED /d/y");
    Tree.setAttribute(upper.resolve("d"), "user.overlay.opaque", "x");
    assertChanges("DELETED /d/x", "MODIFIED /d/y");
  }

  @Test
  void renamedDirectoryIsComparedWithWhatItWas() throws IOException {
    Mknod.make(upper.resolve("d"), 0);
    write(upper, "e/x", "changed");
    Files.createDirectory(upper.resolve("e/moved"));
    trusted(upper.resolve("e"), "trusted.overlay.redirect", "/d");
    trusted(upper.resolve("e/moved"), "trusted.overlay.redirect", "sub");

    assertChanges("DELETED /d", "RENAMED /d -> /e", "RENAMED /d/sub -> /e/moved", "MODIFIED /e/x");
  }

  @Test
  void fileWithoutContentOfItsOwnHasThatOfTheFileBelow() throws IOException {
    write(upper, "f", "\0\0\0");
    Files.setAttribute(upper.resolve("f"), "unix:mode", 0600);
    trusted(upper.resolve("f"), "trusted.overlay.metacopy", "");

    assertChanges("METADATA /f");
  }

  @Test
  void ownerAndModeMayStandInAnAttribute() throws IOException {
    write(upper, "f", "old");
    Object uid = Files.getAttribute(base.resolve("f"), "unix:uid");
    Object gid = Files.getAttribute(base.resolve("f"), "unix:gid");
    Files.setAttribute(upper.resolve("f"), "unix:mode", 0755);
    Tree.setAttribute(
        upper.resolve("f"), "user.containers.override_stat", uid + ":" + gid + ":0100644");

    assertChanges();
    Tree.setAttribute(upper.resolve("f"), "user.containers.override_stat", "7:7:0644");
    assertChanges("METADATA /f");
  }

  @Test
  void sameBytesAndOtherTimesAreNoChange() throws IOException {
    write(upper, "f", "old");
    Files.setLastModifiedTime(upper.resolve("f"), FileTime.fromMillis(0));
    Files.createDirectory(upper.resolve("d"));

    assertChanges();
  }

  @Test
  void tellsContentFromAttributesFromType() throws IOException {
    write(upper, "f", "new");
    Files.setAttribute(upper.resolve("f"), "unix:mode", 0600);
    write(upper, "d/x", "x");
    Tree.setAttribute(upper.resolve("d/x"), "user.k", "v");
    write(upper, "d/sub", "now a file");
    write(upper, "d/y/inside", "now a directory");

    assertChanges(
        "TYPE_CHANGED /d/sub",
        "METADATA /d/x",
        "TYPE_CHANGED /d/y",
        "ADDED /d/y/inside",
        "MODIFIED /f");
    assertEquals("DELETED /d/sub/z", changes(layer(), ChangeOptions::all).get(1));
  }

  @Test
  void neverOpensAFifoNorFollowsALink() throws IOException {
    Mknod.run("mkfifo", upper.resolve("f").toString(), upper.resolve("p").toString());
    Files.createSymbolicLink(upper.resolve("d"), Path.of("/"));

    assertChanges("TYPE_CHANGED /d", "TYPE_CHANGED /f", "ADDED /p");
  }

  @Test
  void namesAreTheBytesOnTheDisk() throws IOException {
    String longest = "n".repeat(255);
    Mknod.run(
        "sh",
        "-c",
        "cd \"$1\" && : > \"$(printf 'a\\377b')\" && : > \"$2\" && : > \"$(printf 'x\\ny')\""
            + " && ln -s \"$(printf '/t\\376/')\" link",
        "sh",
        upper.toString(),
        longest);

    try (Changes changes = LayerChanges.between(List.of(base), upper, ChangeOptions.standard())) {
      List<String> paths =
          changes.stream().map(c -> new String(c.path().bytes(), ISO_8859_1)).toList();
      assertEquals(List.of("/a\u00ffb", "/link", "/" + longest, "/x\ny"), paths);
    }
    try (LayerDirectory root = Layer.at(upper).open()) {
      for (LayerEntry entry : root.entries()) {
        if (entry.kind() == LayerEntry.Kind.SYMLINK) {
          assertArrayEquals("/t\u00fe/".getBytes(ISO_8859_1), root.target(entry));
        }
      }
    }
  }

  @Test
  void nameThatIsNotUtf8IsFoundBelow() throws IOException {
    for (Path layer : List.of(base, upper)) {
      Mknod.run("sh", "-c", "cd \"$1\" && : > \"$(printf 'a\\377b')\"", "sh", layer.toString());
    }
    Mknod.run("sh", "-c", "cd \"$1\" && : > \"$(printf 'w\\377')\"", "sh", base.toString());
    Mknod.run(
        "sh",
        "-c",
        "cd \"$1\" && f=\"$(printf '.wh.w\\377')\" && : > \"$f\" && chmod 700 \"$f\"",
        "sh",
        upper.toString());

    assertChanges("DELETED /w\\xff");
  }

  @Test
  void directoryComesBeforeItsContentAndThatBeforeItsNeighbour() throws IOException {
    write(upper, "a-b", "");
    write(upper, "a/b", "");

    assertChanges("ADDED /a", "ADDED /a/b", "ADDED /a-b");
  }

  @Test
  void layersBelowMayHideThingsThemselves() throws IOException {
    Path middle = Files.createDirectories(directory.resolve("middle/upper"));
    Mknod.make(middle.resolve("f"), 0);
    write(middle, "d/new", "");
    Tree.setAttribute(middle.resolve("d"), "user.overlay.opaque", "y");
    write(upper, "f", "old");
    write(upper, "d/x", "x");
    Mknod.make(upper.resolve("d/new"), 0);
    Mknod.make(upper.resolve("d/y"), 0);

    try (Changes changes =
        LayerChanges.between(
            List.of(Layer.base(base), Layer.at(middle).with(helper)),
            layer(),
            ChangeOptions.standard())) {
      assertEquals(
          List.of("DELETED /d/new", "ADDED /d/x", "ADDED /f"),
          changes.stream().map(Change::toString).toList());
    }
  }

  @Test
  void layersBelowMayHideThingsWithFiles() throws IOException {
    Path middle = Files.createDirectories(directory.resolve("middle/upper"));
    marker(middle.resolve(".wh.f"));
    Files.createDirectory(middle.resolve("d"));
    marker(middle.resolve("d/.wh.x"));
    write(upper, "f", "old");
    write(upper, "d/x", "x");

    try (Changes changes =
        LayerChanges.between(
            List.of(Layer.base(base), Layer.at(middle).with(helper)),
            layer(),
            ChangeOptions.standard())) {
      assertEquals(
          List.of("ADDED /d/x", "ADDED /f"), changes.stream().map(Change::toString).toList());
    }
  }

  @Test
  void ownersAreComparedAsTheContainerSeesThem() throws IOException {
    write(upper, "f", "old");
    long own = (Integer) Files.getAttribute(upper.resolve("f"), "unix:uid");
    Owners shifted =
        Owners.mapped(
            List.of(new Owners.Range(5, own, 1)), List.of(new Owners.Range(0, 0, 1L << 32)));

    assertEquals(
        List.of("METADATA /f"), changes(layer(), o -> o.owners(shifted, Owners.asOnHost())));
    assertEquals(List.of(), changes(layer(), o -> o.owners(Owners.oneUser(), Owners.oneUser())));
  }

  @Test
  void whatTheRuntimeMadeIsLeftOutByRule() throws IOException {
    Files.createDirectories(upper.resolve("etc"));
    write(upper, "etc/resolv.conf", "");
    Files.createDirectories(upper.resolve("mnt/data"));
    Files.createDirectories(upper.resolve("proc"));
    write(upper, "tmp/mine", "");
    RuntimeFiles files =
        RuntimeFiles.standard().mountPoints(List.of(ContainerPath.of("/mnt/data")));

    assertEquals(List.of("ADDED /tmp", "ADDED /tmp/mine"), changes(layer(), o -> o.without(files)));
    write(upper, "etc/mine", "");
    assertEquals(
        List.of("ADDED /etc", "ADDED /etc/mine", "ADDED /tmp", "ADDED /tmp/mine"),
        changes(layer(), o -> o.without(files)));
  }

  @Test
  void changesCanBeAskedForOnce() {
    try (Changes changes = LayerChanges.between(List.of(base), upper, ChangeOptions.standard())) {
      assertNotNull(changes.iterator());
      assertThrows(IllegalStateException.class, changes::iterator);
    }
  }

  private void assertChanges(String... expected) {
    assertEquals(List.of(expected), changes(layer(), o -> o));
  }

  private Layer layer() {
    return Layer.at(upper).with(helper);
  }

  private List<String> changes(Layer layer, UnaryOperator<ChangeOptions> options) {
    try (Changes changes =
        LayerChanges.between(
            List.of(Layer.base(base)), layer, options.apply(ChangeOptions.standard()))) {
      return changes.stream().map(Change::toString).toList();
    }
  }

  private void trusted(Path entry, String name, String value) {
    trusted.computeIfAbsent(entry, e -> new HashMap<>()).put(name, value.getBytes(UTF_8));
  }

  private static void write(Path root, String name, String text) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static void marker(Path file) throws IOException {
    Files.createFile(file);
    Files.setAttribute(file, "unix:mode", 0700, LinkOption.NOFOLLOW_LINKS);
  }

  private static void delete(Path... files) throws IOException {
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }
}
