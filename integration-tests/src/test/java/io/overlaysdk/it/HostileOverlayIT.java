package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Change;
import io.overlaysdk.Changes;
import io.overlaysdk.CommitMode;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is in an overlay was put there by an enemy: whatever is done with it ends, and neither
 * changes nor shows anything outside.
 */
@ExtendWith(Images.Shared.class)
class HostileOverlayIT {
  private static final boolean ROOT = "root".equals(System.getProperty("user.name"));
  private static final String SECRET = "the-secret-of-the-host";
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir private Path temp;
  private Path outside;
  private Map<String, Object> before;

  /** What is done with overlays. */
  private interface Work {
    void run(Bench bench, SessionSpec spec, Path target) throws Exception;
  }

  private static final Map<String, Work> WORKS =
      new TreeMap<>(
          Map.of(
              "changes", (bench, spec, target) -> list(bench, spec),
              "export", (bench, spec, target) -> bench.sdk().exportLayer(spec, target),
              "freeze", (bench, spec, target) -> bench.sdk().freeze(spec, target),
              "pack",
                  (bench, spec, target) ->
                      bench.sdk().pack(spec.overlays().get(0).path().orElseThrow(), target),
              "commit",
                  (bench, spec, target) ->
                      bench
                          .sdk()
                          .commit(
                              spec,
                              target.resolveSibling(target.getFileName() + ".tar"),
                              CommitMode.FLATTENED)));

  private static List<Change> list(Bench bench, SessionSpec spec) {
    List<Change> all = new ArrayList<>();
    try (Changes changes = bench.sdk().changes(spec, Changes.Detail.ROOTS)) {
      changes.forEach(all::add);
    }
    return all;
  }

  @BeforeEach
  void fillTheOutside() throws IOException {
    outside = Files.createDirectory(temp.resolve("outside"));
    Files.createDirectory(outside.resolve("inner"));
    Files.writeString(outside.resolve("inner/" + SECRET), SECRET);
    Files.writeString(outside.resolve("file"), SECRET);
    Files.setPosixFilePermissions(outside, PosixFilePermissions.fromString("rwxr-x---"));
    before = state(outside);
  }

  private static Map<String, Object> state(Path tree) throws IOException {
    Map<String, Object> state = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(tree)) {
      for (Path path : paths.toList()) {
        state.put(
            path.toString(),
            Files.readAttributes(path, "unix:mode,uid,gid,size,nlink,ino,lastModifiedTime,ctime")
                .toString());
      }
    }
    return state;
  }

  private Path overlay(Bench bench) {
    return bench.sdk().createOverlay(temp.resolve("overlay")).path().orElseThrow();
  }

  private SessionSpec on(Bench bench, Image image, Path overlay) {
    return bench.on(image).overlay(Overlay.at(overlay).readOnly());
  }

  /** Does it, and fails where it does not end, or ends with an error that is not the SDK's. */
  private void each(Bench bench, SessionSpec spec) throws Exception {
    for (Map.Entry<String, Work> work : WORKS.entrySet()) {
      Path target = temp.resolve("made-" + work.getKey());
      String outcome = "done";
      try {
        ends(() -> work.getValue().run(bench, spec, target));
      } catch (OverlayException e) {
        outcome = e.toString();
      }
      System.err.println(work.getKey() + ": " + outcome);
      requireNothingOfTheHost(work.getKey());
    }
  }

  private static void ends(Executable executable) {
    assertTimeoutPreemptively(LIMIT, executable);
  }

  private void requireNothingOfTheHost(String work) throws IOException {
    assertEquals(before, state(outside), work);
    try (Stream<Path> made = Files.list(temp)) {
      for (Path file : made.filter(Files::isRegularFile).toList()) {
        String bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        assertFalse(bytes.contains(SECRET), () -> work + " shows the host in " + file);
      }
    }
  }

  @Test
  void linksPipesSocketsDevicesAndNamesOfAnything(Images images) throws Exception {
    try (Bench bench = Bench.of("overlayfs", temp)) {
      Path overlay = overlay(bench);
      Path upper = overlay.resolve("upper");
      Files.createSymbolicLink(upper.resolve("root"), outside);
      Files.createSymbolicLink(upper.resolve("app"), outside.resolve("inner"));
      Files.createSymbolicLink(upper.resolve("passwd"), outside.resolve("file"));
      Files.createSymbolicLink(upper.resolve(".wh..wh..opq"), outside.resolve("file"));
      Path inner = Files.createDirectory(upper.resolve("srv"));
      Files.createSymbolicLink(inner.resolve("up"), Path.of("../../../outside"));
      Programs.run("mkfifo", inner.resolve("pipe").toString(), upper.resolve("etc").toString());
      Files.writeString(upper.resolve("setuid"), "#!/bin/sh\n");
      Programs.run("chmod", "6755", upper.resolve("setuid").toString());
      if (ROOT) {
        Programs.run("mknod", inner.resolve("disk").toString(), "b", "7", "200");
        Programs.run("mknod", inner.resolve("tape").toString(), "c", "9", "0");
      }
      PlainTree.run(
          upper,
          "printf x > \"$(printf '%0254d\\n')\"; printf x > \"$(printf 'a\\nb\\033[31m\\\\\\377\\001')\";"
              + " printf x > ' -rf --'; mkdir '...'");
      each(bench, on(bench, images.sandbox(), overlay));

      assertTrue(
          list(bench, on(bench, images.sandbox(), overlay)).stream()
              .anyMatch(change -> change.path().toString().equals("/srv/pipe")));
      ends(() -> bench.sdk().deleteOverlay(overlay));
      assertFalse(Files.exists(overlay));
      requireNothingOfTheHost("delete");
    }
  }

  @Test
  void whatNobodyMayEnterIsRefusedOrReadAndGoes(Images images) throws Exception {
    try (Bench bench = Bench.of("overlayfs", temp)) {
      Path overlay = overlay(bench);
      Path closed = Files.createDirectories(overlay.resolve("upper/srv/closed"));
      Files.writeString(closed.resolve("file"), "x");
      Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
      each(bench, on(bench, images.sandbox(), overlay));
      ends(() -> bench.sdk().deleteOverlay(overlay));
      assertFalse(Files.exists(overlay));
    }
  }

  @Test
  void deeperThanAnyPathLeads(Images images) throws Exception {
    try (Bench bench = Bench.of("overlayfs", temp)) {
      Path overlay = overlay(bench);
      Path inner = Files.createDirectory(temp.resolve("inner"));
      for (int i = 0; i < 10_000; i++) {
        Path outer = Files.createDirectory(temp.resolve("outer"));
        Files.move(inner, outer.resolve("d"));
        Files.move(outer, inner);
      }
      Files.move(inner, overlay.resolve("upper/deep"));
      each(bench, on(bench, images.sandbox(), overlay));
      ends(() -> bench.sdk().deleteOverlay(overlay));
      assertFalse(Files.exists(overlay));
    }
  }

  @Test
  void whatChangesWhileItIsRead(Images images) throws Exception {
    try (Bench bench = Bench.of("overlayfs", temp)) {
      Path overlay = overlay(bench);
      Path upper = overlay.resolve("upper");
      Files.createDirectories(upper.resolve("srv/a/b"));
      AtomicBoolean done = new AtomicBoolean();
      Thread enemy = new Thread(() -> exchange(upper.resolve("srv"), done));
      enemy.start();
      try {
        for (int i = 0; i < 3; i++) {
          each(bench, on(bench, images.sandbox(), overlay));
          try (Stream<Path> made = Files.list(temp)) {
            for (Path file : made.filter(Files::isRegularFile).toList()) {
              Files.delete(file);
            }
          }
        }
      } finally {
        done.set(true);
        enemy.join();
      }
      requireNothingOfTheHost("reading");
    }
  }

  private void exchange(Path directory, AtomicBoolean done) {
    Path prey = directory.resolve("a");
    for (int i = 0; !done.get(); i++) {
      try {
        if (Files.isSymbolicLink(prey)) {
          Files.delete(prey);
        } else if (Files.isDirectory(prey, LinkOption.NOFOLLOW_LINKS)) {
          Files.move(prey, directory.resolve("aside" + i % 3));
          Files.createSymbolicLink(prey, outside);
        } else {
          Files.createDirectory(prey);
          Files.writeString(prey.resolve("file"), "x".repeat(i % 10_000));
          Programs.run("rm", "-rf", directory.resolve("aside" + (i + 1) % 3).toString());
        }
      } catch (IOException e) {
        continue;
      }
    }
  }
}
