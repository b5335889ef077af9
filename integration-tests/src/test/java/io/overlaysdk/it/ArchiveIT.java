package io.overlaysdk.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.BaseMismatchException;
import io.overlaysdk.Changes;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.Overlay;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An overlay leaves as a layer that others unpack to what a session sees, and comes back. */
@ExtendWith(Images.Shared.class)
class ArchiveIT {
  private static final boolean ROOT = "root".equals(System.getProperty("user.name"));
  private static final byte[] BINARY = {0, 1, '\n', (byte) 0xff, '=', '"', 0};
  private static final String LONG = "x".repeat(200);

  /** For a shell that has the root of a tree as its directory. */
  private static final String WRITE =
      """
      umask 022
      echo changed > app/message.txt; rm -r usr; mkdir usr; echo 1 > usr/only
      rm -r opt/replaced; mkdir opt/replaced; echo new > opt/replaced/new
      rm -r srv/gone; rm opt/file; mkdir opt/file; echo in > opt/file/in
      rm -r opt/tree; echo now a file > opt/tree
      mkdir -p data/LONG/LONG; echo deep > data/LONG/LONG/file
      echo linked > data/first; ln data/first data/second; ln data/first data/LONG/third
      ln -s ../app/message.txt data/link; ln -s nowhere data/dangling; mkfifo data/fifo; chmod 640 data/fifo
      dd if=/dev/zero of=data/sparse bs=1 count=1 seek=5000000 2>/dev/null
      touch -d '2001-02-03 04:05:06' data/old; chmod 4755 data/first; chmod 1777 data
      touch 'data/with space'; touch "$(printf 'data/a\\nb')"; touch "$(printf 'data/\\377')"
      mkdir data/empty; chmod 700 data/empty; touch -d '2011-02-03 04:05:06' data/empty
      """
          .replace("LONG", LONG);

  private static final String PLACES = "app data opt srv usr";

  /** One line for each entry; with the owners where they can be compared. */
  private static String list(boolean owners) {
    String format = "%n|%F|%a|%Y" + (owners ? "|%u:%g" : "");
    return "find "
        + PLACES
        + " -type d -exec stat -c '"
        + format
        + "' {} + >list; find "
        + PLACES
        + " ! -type d -exec stat -c '"
        + format
        + "|%h|%s|%N' {} + >>list; find "
        + PLACES
        + " -type f -exec md5sum {} + >>list; sort list; rm list";
  }

  @TempDir private Path temp;

  @ParameterizedTest
  @CsvSource({"apptainer,false", "apptainer,true", "fuse-overlayfs,false", "fuse-overlayfs,true"})
  void othersUnpackWhatASessionSees(String backend, boolean fakeroot, Images images)
      throws Exception {
    Tools.require("umoci");
    Path base = base(images);
    try (Bench bench = Bench.of(backend, temp)) {
      Overlay overlay = bench.sdk().createOverlay(temp.resolve("overlay"));
      SessionSpec spec = spec(bench, Image.at(base), fakeroot).overlay(overlay);
      run(bench, spec, "cd /; " + WRITE + owners(fakeroot));
      attribute(temp.resolve("overlay/upper/data/first"));
      String seen = run(bench, spec, "cd /; " + listing(fakeroot));

      assertTrue(seen.lines().count() > 40, seen);
      assertTrue(seen.contains("\ndata/fifo|fifo|640|"), seen);
      assertTrue(seen.contains("\ndata/old|regular empty file|644|981173106"), seen);

      Path layer = temp.resolve("layer.tar");
      LayerReport report = bench.sdk().exportLayer(spec, layer);

      assertEquals(List.of(), report.skipped());
      Path unpacked = unpack(fakeroot, base, layer);
      assertEquals(seen, inNamespace(fakeroot, unpacked, listing(fakeroot)));
      assertArrayEquals(BINARY, attributeOf(unpacked.resolve("data/first")));

      Path again = temp.resolve("again.tar.gz");
      bench.sdk().exportLayer(spec, again);
      try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(again))) {
        assertArrayEquals(Files.readAllBytes(layer), in.readAllBytes());
      }
      assertThrows(InvalidSpecException.class, () -> bench.sdk().exportLayer(spec, layer));

      comesBack(bench, spec, layer, seen, fakeroot);
    }
    inNamespace(fakeroot, temp, "rm -rf bundle overlay back empty");
  }

  private void comesBack(
      Bench bench, SessionSpec written, Path layer, String seen, boolean fakeroot)
      throws Exception {
    SessionSpec on = spec(bench, written.image(), fakeroot);
    Overlay empty = bench.sdk().createOverlay(temp.resolve("empty"));
    Overlay image = bench.sdk().createOverlay(temp.resolve("image"), 32 << 20);
    for (Overlay overlay : List.of(Overlay.at(temp.resolve("back")), empty, image)) {
      SessionSpec spec = on.overlay(overlay);
      bench.sdk().importLayer(layer, spec);
      assertEquals(seen, run(bench, spec, "cd /; " + listing(fakeroot)), overlay::toString);
      assertEquals(changes(bench, written), changes(bench, spec), overlay::toString);
      InvalidSpecException refused =
          assertThrows(InvalidSpecException.class, () -> bench.sdk().importLayer(layer, spec));
      assertTrue(refused.getMessage().contains(overlay.toString()), refused.getMessage());
    }
    assertEquals(BINARY.length, attributeOf(temp.resolve("back/upper/data/first")).length);
    try (var entries = Files.list(temp)) {
      assertEquals(
          List.of(), entries.filter(e -> e.getFileName().toString().startsWith(".")).toList());
    }
  }

  @ParameterizedTest
  @CsvSource({"apptainer", "fuse-overlayfs"})
  void remembersOnWhichBaseALayerWasImported(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      Overlay overlay = bench.sdk().createOverlay(temp.resolve("overlay"));
      SessionSpec written = bench.on(images.tutorial()).overlay(overlay);
      run(bench, written, "echo changed > /app/message.txt");
      Path layer = temp.resolve("layer.tar");
      bench.sdk().exportLayer(written, layer);

      Overlay image = bench.sdk().createOverlay(temp.resolve("image"), 32 << 20);
      for (Overlay back : List.of(Overlay.at(temp.resolve("back")), image)) {
        bench.sdk().importLayer(layer, bench.on(images.tutorial()).overlay(back));

        SessionSpec other = bench.on(images.sandbox()).overlay(back);
        assertThrows(BaseMismatchException.class, () -> bench.sdk().start(other), back::toString);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"apptainer", "fuse-overlayfs"})
  void tellsChangesInFilesThatOnlyTheContainersUsersMayRead(String backend, Images images)
      throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      Overlay overlay = bench.sdk().createOverlay(temp.resolve("overlay"));
      SessionSpec spec = bench.on(images.tutorial()).fakeroot().overlay(overlay);
      String script =
          "mkdir /d; echo 1 > /d/secret; chmod 600 /d/secret; chmod 700 /d; chown -R 5:6 /d;"
              + " cp /app/message.txt /m; cat /m > /app/message.txt; chmod 600 /app/message.txt;"
              + " chown 7 /app/message.txt; rm /m; rm /app/obsolete.txt";
      List<String> expected =
          List.of(
              "METADATA /app/message.txt",
              "DELETED /app/obsolete.txt",
              "ADDED /d",
              "ADDED /d/secret");
      try (Session session = bench.start(spec)) {
        session.run("sh", "-c", script).orThrow();
        assertEquals(expected, list(session.changes()));
        session.run("true").orThrow();
      }
      assertEquals(expected, changes(bench, spec));
    }
    inNamespace(true, temp, "rm -rf overlay");
  }

  /** A tree with something to replace and to delete in it. */
  private Path base(Images images) throws Exception {
    Path base = temp.resolve("base");
    PlainTree.copy(images.sandbox().path().orElseThrow(), base);
    PlainTree.run(
        base,
        "umask 022; mkdir -p opt/replaced/old opt/tree/a/b srv/gone/x usr/share; touch opt/file"
            + " opt/replaced/f opt/tree/a/b/c srv/gone/x/y usr/share/z; mkdir -p data/kept;"
            + " echo kept > data/kept/file; ln -s kept data/base-link");
    return base;
  }

  private static SessionSpec spec(Bench bench, Image image, boolean fakeroot) {
    SessionSpec spec = bench.on(image);
    return fakeroot && !ROOT ? spec.fakeroot() : spec;
  }

  private static String owners(boolean fakeroot) {
    return isOwner(fakeroot) ? "\nchown 5:6 data/old; chown -h 7:8 data/link" : "";
  }

  /** Whether the container has users beside the one. */
  private static boolean isOwner(boolean fakeroot) {
    return fakeroot || ROOT;
  }

  private static String listing(boolean fakeroot) {
    return list(isOwner(fakeroot));
  }

  private static String run(Bench bench, SessionSpec spec, String script) throws IOException {
    try (Session session = bench.start(spec)) {
      return new String(session.run("sh", "-c", script).orThrow().stdoutBytes(), UTF_8);
    }
  }

  private static List<String> changes(Bench bench, SessionSpec spec) {
    return list(bench.sdk().changes(spec, Changes.Detail.ROOTS));
  }

  private static List<String> list(Changes changes) {
    try (changes) {
      List<String> lines = new ArrayList<>();
      changes.forEach(change -> lines.add(change.toString()));
      return lines;
    }
  }

  private static void attribute(Path file) throws IOException {
    attributes(file).write("binary", ByteBuffer.wrap(BINARY));
  }

  private static byte[] attributeOf(Path file) throws IOException {
    ByteBuffer value = ByteBuffer.allocate(attributes(file).size("binary"));
    attributes(file).read("binary", value);
    return value.array();
  }

  private static UserDefinedFileAttributeView attributes(Path file) {
    return Files.getFileAttributeView(file, UserDefinedFileAttributeView.class);
  }

  /** As umoci does it, on a layer of the base that GNU tar has made. */
  private Path unpack(boolean fakeroot, Path base, Path layer) throws IOException {
    Path first = temp.resolve("base.tar");
    words(false, "tar", "--numeric-owner", "-C", base.toString(), "-cf", first.toString(), ".");
    if (!ROOT) {
      words(
          false,
          "tar",
          "--owner=0",
          "--group=0",
          "-C",
          base.toString(),
          "-cf",
          first.toString(),
          ".");
    }
    String image = temp.resolve("oci") + ":x";
    words(false, "umoci", "init", "--layout", temp.resolve("oci").toString());
    words(false, "umoci", "new", "--image", image);
    words(false, "umoci", "raw", "add-layer", "--image", image, first.toString());
    words(false, "umoci", "raw", "add-layer", "--image", image, layer.toString());
    List<String> unpack = new ArrayList<>(List.of("umoci", "unpack"));
    if (!isOwner(fakeroot)) {
      unpack.add("--rootless");
    }
    unpack.addAll(List.of("--image", image, temp.resolve("bundle").toString()));
    words(fakeroot, unpack.toArray(String[]::new));
    return temp.resolve("bundle/rootfs");
  }

  /**
   * Runs a script with the busybox of the images in the namespace that a plain user's fakeroot has.
   */
  private static String inNamespace(boolean fakeroot, Path directory, String script)
      throws IOException {
    return words(
        fakeroot, "/bin/busybox", "sh", "-c", "cd \"$1\"; " + script, "sh", directory.toString());
  }

  private static String words(boolean fakeroot, String... words) throws IOException {
    List<String> all = new ArrayList<>();
    if (fakeroot && !ROOT) {
      all.addAll(List.of("unshare", "--user", "--map-root-user", "--map-auto"));
    }
    all.addAll(List.of(words));
    return Programs.run(all.toArray(String[]::new));
  }
}
