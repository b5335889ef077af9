package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.spi.Dialect;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written is listed by GNU tar. */
class TreeWriterTest {
  private static final ContainerPath LOG = ContainerPath.of("/.meta/log");

  @TempDir private Path directory;
  private Path base;
  private Path middle;
  private Path top;

  @BeforeEach
  void makeThreeLayers() throws IOException {
    base = directory.resolve("base");
    middle = directory.resolve("middle/upper");
    top = directory.resolve("top/upper");
    file(base.resolve("a/kept"), "kept");
    file(base.resolve("a/changed"), "old");
    file(base.resolve("b/one"), "1");
    file(base.resolve("b/two"), "2");
    file(base.resolve("c"), "a file");
    file(middle.resolve("b/three"), "3");
    file(top.resolve("a/changed"), "new");
    file(top.resolve("b/four"), "4");
    opaque(top.resolve("b"));
    file(top.resolve("c/in"), "now a directory");
    // as fuse-overlayfs deletes where it can make no device
    whiteout(top.resolve("a/.wh.kept"));
  }

  private static void file(Path file, String content) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }

  private static void opaque(Path at) throws IOException {
    Files.getFileAttributeView(at, UserDefinedFileAttributeView.class)
        .write("fuseoverlayfs.opaque", ByteBuffer.wrap("y".getBytes(UTF_8)));
    whiteout(at.resolve(".wh..wh..opq"));
  }

  private static void whiteout(Path file) throws IOException {
    Files.createFile(file);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }

  private TreeWriter writer(TreeUse use, Path... uppers) {
    List<TreeWriter.Part> parts = new ArrayList<>();
    OwnerMap owners = OwnerMap.everyoneIs(Own.uid(), Own.gid());
    parts.add(new TreeWriter.Part(Layer.base(base), owners));
    for (Path upper : uppers) {
      Dialect dialect = upper.equals(top) ? Dialect.FUSE : Dialect.NEUTRAL;
      parts.add(new TreeWriter.Part(Layer.at(upper).in(dialect), owners));
    }
    return TreeWriter.of(parts, use);
  }

  private interface Writing {
    TreeWriter.Written to(OutputStream out) throws IOException;
  }

  /** As tar lists it. */
  private String list(Writing writing) throws Exception {
    Path archive = directory.resolve("archive.tar");
    try (OutputStream out = Files.newOutputStream(archive)) {
      writing.to(out);
    }
    return run("tar", "--list", "--verbose", "--file=" + archive);
  }

  private static String run(String... words) throws Exception {
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }

  private String names(Writing writing) throws Exception {
    return list(writing).replaceAll("(?m)^(.).*? (\\S+)$", "$1 $2");
  }

  @Test
  void writesWhatIsSeenThroughAllLayers() throws Exception {
    assertEquals(
        """
        d ./
        d a/
        - a/changed
        d b/
        - b/four
        d c/
        - c/in
        """,
        names(writer(TreeUse.OCI_LAYER, middle, top)::merged));
  }

  @Test
  void writesTheTopmostLayerWithADeviceForEachEntryThatItHides() throws Exception {
    assertEquals(
        """
        d a/
        c a/kept
        - a/changed
        d b/
        c b/one
        c b/three
        c b/two
        - b/four
        d c/
        - c/in
        """,
        names(writer(TreeUse.SQUASHFS, middle, top)::topmost));
  }

  @Test
  void addsALineToAFileWhereverThatIs() throws Exception {
    byte[] line = "line\n".getBytes(UTF_8);
    assertTrue(
        names(writer(TreeUse.OCI_LAYER, middle).appending(LOG, line)::merged)
            .endsWith("d .meta/\n- .meta/log\n"),
        "both are made");
    file(base.resolve(".meta/log"), "before\n");
    for (Writing writing :
        List.<Writing>of(
            writer(TreeUse.OCI_LAYER, middle, top).appending(LOG, line)::merged,
            writer(TreeUse.OCI_LAYER, middle, top).appending(LOG, line)::topmost)) {
      list(writing);
      assertEquals(
          "before\nline\n",
          run(
              "tar",
              "--extract",
              "--to-stdout",
              "--file=" + directory.resolve("archive.tar"),
              ".meta/log"));
    }
    whiteout(top.resolve(".wh..meta"));
    assertFalse(
        names(writer(TreeUse.OCI_LAYER, top).appending(LOG, line)::topmost).contains(".meta/log"),
        "what the user has deleted does not come back");
  }

  @Test
  void keepsTheContentOfFilesThatAreAskedFor() throws IOException {
    ContainerPath changed = ContainerPath.of("/a/changed");
    TreeWriter.Written written =
        writer(TreeUse.OCI_LAYER, middle, top)
            .keeping(Set.of(changed, ContainerPath.of("/none")))
            .merged(OutputStream.nullOutputStream());
    assertEquals(Set.of(changed), written.kept().keySet());
    assertArrayEquals("new".getBytes(UTF_8), written.kept().get(changed));
  }

  @Test
  void givesTheSameBytesTwice() throws IOException {
    ByteArrayOutputStream first = new ByteArrayOutputStream();
    ByteArrayOutputStream second = new ByteArrayOutputStream();
    writer(TreeUse.SQUASHFS, middle, top).merged(first);
    writer(TreeUse.SQUASHFS, middle, top).merged(second);
    assertArrayEquals(first.toByteArray(), second.toByteArray());
  }

  @Test
  void refusesByNameWhatASquashfsCannotHold() throws IOException {
    Path old = top.resolve("c/in");
    Files.setLastModifiedTime(old, FileTime.from(Instant.parse("1960-01-01T00:00:00Z")));
    refuses(TreeUse.SQUASHFS, "/c/in");
    Files.setLastModifiedTime(old, FileTime.from(Instant.EPOCH));
    Files.getFileAttributeView(old, UserDefinedFileAttributeView.class)
        .write("empty", ByteBuffer.allocate(0));
    refuses(TreeUse.SQUASHFS, "/c/in");
    writer(TreeUse.OCI_LAYER, top).merged(OutputStream.nullOutputStream());
  }

  private void refuses(TreeUse use, String path) {
    UnsupportedException refused =
        assertThrows(
            UnsupportedException.class,
            () -> writer(use, top).merged(OutputStream.nullOutputStream()));
    assertTrue(refused.getMessage().contains(path), refused::getMessage);
  }
}
