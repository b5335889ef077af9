package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import io.overlaysdk.LayerReport;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.spi.Dialect;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What programs that others wrote make of our layers. */
class UnpackedLayerTest {
  @TempDir Path directory;
  private Path base;
  private Path upper;

  @BeforeEach
  void makeABaseAndAnUpperDirectory() throws Exception {
    base = Files.createDirectory(directory.resolve("base"));
    for (String name :
        List.of("app", "gone-dir/deep", "dir-to-file", "opaque/sub", "usr/bin", "kept/dir")) {
      Files.createDirectories(base.resolve(name));
    }
    for (String name :
        List.of(
            "app/message.txt",
            "app/gone",
            "app/kept",
            "gone-dir/deep/x",
            "dir-to-file/x",
            "file-to-dir",
            "opaque/a",
            "opaque/sub/b",
            "usr/bin/tool",
            "kept/dir/z")) {
      Files.writeString(base.resolve(name), "base " + name);
    }
    Files.createSymbolicLink(base.resolve("bin"), Path.of("usr/bin"));
    upper = SampleUpper.make(directory.resolve("o/upper"));
    Files.writeString(upper.resolve("dir-to-file"), "a file now");
    Files.createDirectories(upper.resolve("file-to-dir/new"));
    Files.createDirectories(upper.resolve("opaque/sub"));
    Files.writeString(upper.resolve("opaque/sub/mine"), "new");
  }

  /** The merged tree, made with cp and rm only. */
  private Path merged() throws Exception {
    Path merged = directory.resolve("merged");
    ShellNodes.run(List.of("cp", "-a", base.toString(), merged.toString()));
    List<String> whiteouts = new ArrayList<>();
    try (Stream<Path> walk = Files.walk(upper)) {
      for (Path file : walk.skip(1).toList()) {
        String there = merged.resolve(upper.relativize(file)).toString();
        int mode = (Integer) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        if (mode >> 12 != 4 || !Files.isDirectory(Path.of(there), LinkOption.NOFOLLOW_LINKS)) {
          ShellNodes.run(List.of("rm", "-rf", there));
        }
        if (mode >> 12 == 2) {
          whiteouts.add(there);
        }
      }
    }
    ShellNodes.run(List.of("rm", "-rf", merged + "/opaque"));
    ShellNodes.run(List.of("cp", "-aT", upper.toString(), merged.toString()));
    for (String whiteout : whiteouts) {
      Files.delete(Path.of(whiteout));
    }
    ShellNodes.run(List.of("rm", "-f", merged + "/opaque/.wh..wh..opq"));
    // the times of directories that the last two lines changed
    for (String name : List.of(".", "app", "opaque")) {
      Files.setLastModifiedTime(
          merged.resolve(name), Files.getLastModifiedTime(upper.resolve(name)));
    }
    return merged;
  }

  private Path export() throws Exception {
    // fuse-overlayfs marks with a file of mode 0700; a layer in this dialect may have devices too
    Files.createFile(upper.resolve("opaque/.wh..wh..opq"));
    Path layer = directory.resolve("layer.tar");
    LayerReport report =
        LayerWriter.of(Layer.at(upper).in(Dialect.FUSE))
            .owners(OwnerMap.rootIs(Own.uid(), Own.gid()))
            .writeTo(layer);
    assertEquals(1, report.opaque());
    return layer;
  }

  private Path layerOfBase() {
    Path layer = directory.resolve("base.tar");
    LayerWriter.of(Layer.base(base)).owners(OwnerMap.rootIs(Own.uid(), Own.gid())).writeTo(layer);
    return layer;
  }

  @Test
  void gnuTarExtractsWhatWasWritten() throws Exception {
    Path plain = SampleUpper.make(directory.resolve("plain"));
    for (String whiteout : List.of("app/gone", "gone-dir", "app/.wh-not")) {
      Files.delete(plain.resolve(whiteout));
    }
    Path layer = directory.resolve("plain.tar");
    LayerWriter.of(Layer.at(plain).in(Dialect.NEUTRAL)).writeTo(layer);
    Path back = Files.createDirectory(directory.resolve("extracted"));
    ShellNodes.run(
        List.of(
            "tar",
            "--xattrs",
            "--warning=no-unknown-keyword",
            "-xpf",
            layer.toString(),
            "-C",
            back.toString()));
    assertEquals(
        String.join("\n", TreeSnapshot.of(plain)), String.join("\n", TreeSnapshot.of(back)));
  }

  @Test
  void gnuTarListsWhatWasWritten() throws Exception {
    String listing =
        new String(
            ShellNodes.run(
                List.of(
                    "tar",
                    "--numeric-owner",
                    "--utc",
                    "--warning=no-unknown-keyword",
                    "-tvf",
                    export().toString())),
            UTF_8);
    assertEquals(
        List.of(
            "drwxr-xr-x 0/0 0 2020-09-13 12:26 app/",
            "---------- 0/0 0 1970-01-01 00:00 app/.wh..wh-not",
            "---------- 0/0 0 1970-01-01 00:00 app/.wh.gone",
            "-rw------- 0/0 0 2017-07-14 02:40 app/empty",
            "prw-r--r-- 0/0 0 2009-02-13 23:31 app/fifo",
            "lrwxrwxrwx 0/0 0 2014-05-13 16:53 app/link -> message.txt",
            "-rw-r--r-- 0/0 8 2017-07-14 02:40 app/message.txt",
            "-rwsr-xr-x 0/0 10 2017-07-14 02:40 app/tool",
            "hrw-r--r-- 0/0 0 2017-07-14 02:40 app/sub/again link to app/message.txt",
            "---------- 0/0 0 1970-01-01 00:00 opaque/.wh..wh..opq"),
        Stream.of(
                " app/",
                "app/.wh..wh-not",
                "app/.wh.gone",
                "app/empty",
                "app/fifo",
                "app/link -> message.txt",
                " app/message.txt",
                "app/tool",
                "app/sub/again link to app/message.txt",
                "opaque/.wh..wh..opq")
            .map(end -> line(listing, end))
            .toList());
  }

  private static String line(String listing, String end) {
    return listing
        .lines()
        .filter(line -> line.endsWith(end))
        .map(line -> line.replaceAll(" +", " "))
        .findFirst()
        .orElse("no line ends in " + end);
  }

  @Test
  @Tag("tool")
  void umociUnpacksTheMergedTree() throws Exception {
    require("umoci");
    String image = directory.resolve("oci") + ":x";
    ShellNodes.run(List.of("umoci", "init", "--layout", directory.resolve("oci").toString()));
    ShellNodes.run(List.of("umoci", "new", "--image", image));
    for (Path layer : List.of(layerOfBase(), export())) {
      ShellNodes.run(List.of("umoci", "raw", "add-layer", "--image", image, layer.toString()));
    }
    Path bundle = directory.resolve("bundle");
    List<String> unpack = new ArrayList<>(List.of("umoci", "unpack"));
    if (!Own.isRoot()) {
      unpack.add("--rootless");
    }
    unpack.addAll(List.of("--image", image, bundle.toString()));
    ShellNodes.run(unpack);
    assertEquals(
        String.join("\n", TreeSnapshot.of(merged())),
        String.join("\n", TreeSnapshot.of(bundle.resolve("rootfs"))));
  }

  private static void require(String tool) {
    for (String place : System.getenv("PATH").split(":")) {
      if (Files.isExecutable(Path.of(place, tool))) {
        return;
      }
    }
    if ("true".equals(System.getenv("OVERLAYSDK_REQUIRE_TOOLS"))) {
      fail(tool + " is not installed, and OVERLAYSDK_REQUIRE_TOOLS is set");
    }
    abort(tool + " is not installed");
  }
}
