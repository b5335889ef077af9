package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Change;
import io.overlaysdk.Changes;
import io.overlaysdk.CommitMode;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
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
  private Path made;
  private Map<String, String> before;

  /** One thing that is done with an overlay; what it makes lies in {@code made}. */
  private interface Work {
    void run(Bench bench, SessionSpec spec, Path made) throws Exception;
  }

  private static final Map<String, Work> WORKS =
      new TreeMap<>(
          Map.of(
              "convert", (bench, spec, made) -> bench.sdk().convert(spec),
              "changes", (bench, spec, made) -> list(bench, spec),
              "export",
                  (bench, spec, made) -> bench.sdk().exportLayer(spec, made.resolve("layer.tar")),
              "freeze", (bench, spec, made) -> bench.sdk().freeze(spec, made.resolve("squashfs")),
              "pack", (bench, spec, made) -> bench.sdk().pack(path(spec), made.resolve("squashfs")),
              "rebase",
                  (bench, spec, made) ->
                      bench.sdk().rebase(spec, spec.image(), made.resolve("tree"), true),
              "commit",
                  (bench, spec, made) ->
                      bench.sdk().commit(spec, made.resolve("o.tar"), CommitMode.FLATTENED)));

  private static Path path(SessionSpec spec) {
    return spec.overlays().get(0).path().orElseThrow();
  }

  private static List<Change> list(Bench bench, SessionSpec spec) {
    List<Change> all = new ArrayList<>();
    try (Changes changes = bench.sdk().changes(spec, Changes.Detail.EVERY_ENTRY)) {
      changes.forEach(all::add);
    }
    return all;
  }

  @BeforeEach
  void fillTheOutside() throws IOException {
    made = temp.resolve("made");
    outside = Files.createDirectory(temp.resolve("outside"));
    Files.writeString(Files.createDirectory(outside.resolve("inner")).resolve(SECRET), SECRET);
    Files.writeString(outside.resolve("file"), SECRET);
    Files.setPosixFilePermissions(outside, PosixFilePermissions.fromString("rwxr-x---"));
    before = state();
  }

  private Map<String, String> state() throws IOException {
    Map<String, String> state = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(outside)) {
      for (Path path : paths.toList()) {
        state.put(
            path.toString(),
            new TreeMap<>(
                    Files.readAttributes(path, "unix:mode,uid,gid,size,lastModifiedTime,ctime"))
                .toString());
      }
    }
    return state;
  }

  private SessionSpec on(Bench bench, Images images) {
    Overlay overlay = bench.sdk().createOverlay(temp.resolve("overlay"));
    return bench.on(images.sandbox()).overlay(overlay);
  }

  private static Path upper(SessionSpec spec) {
    return path(spec).resolve("upper");
  }

  /**
   * Does all that can be done with an overlay, and fails where something does not end, or ends with
   * an error that is not the SDK's.
   *
   * @return what was refused
   */
  private Set<String> each(Bench bench, SessionSpec spec) throws Exception {
    Set<String> refused = new TreeSet<>();
    for (Map.Entry<String, Work> work : WORKS.entrySet()) {
      Files.createDirectory(made);
      try {
        ends(() -> work.getValue().run(bench, spec, made));
      } catch (OverlayException e) {
        refused.add(work.getKey());
      }
      requireNothingOfTheHost(work.getKey());
      Programs.run("rm", "-rf", made.toString());
    }
    return refused;
  }

  private static void ends(Executable executable) {
    assertTimeoutPreemptively(LIMIT, executable);
  }

  private void requireNothingOfTheHost(String work) throws IOException {
    assertEquals(before, state(), work);
    Path squashfs = made.resolve("squashfs");
    if (Files.exists(squashfs)) {
      // in the file it is compressed
      Programs.run(
          "unsquashfs",
          "-no-progress",
          "-no-xattrs",
          "-ignore-errors",
          "-no-exit-code",
          "-d",
          made.resolve("content").toString(),
          squashfs.toString());
    }
    Programs.run("chmod", "-R", "u+rwx", made.toString());
    String found =
        Programs.run(
            "sh",
            "-c",
            "grep -arlFD skip -e \"$1\" \"$2\"; find \"$2\" -name \"$1\"; :",
            "sh",
            SECRET,
            made.toString());
    assertEquals("", found, () -> work + " shows the host");
  }

  private void delete(Bench bench, SessionSpec spec) throws IOException {
    ends(() -> bench.sdk().deleteOverlay(path(spec)));
    assertFalse(Files.exists(path(spec)));
    assertEquals(before, state());
  }

  @Test
  void linksPipesDevicesAndNamesOfAnything(Images images) throws Exception {
    try (Bench bench = Bench.of("overlayfs", temp)) {
      SessionSpec spec = on(bench, images);
      Path upper = upper(spec);
      Files.createSymbolicLink(upper.resolve("root"), outside);
      Files.createSymbolicLink(upper.resolve("app"), outside.resolve("inner"));
      Files.createSymbolicLink(upper.resolve("passwd"), outside.resolve("file"));
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
          "printf x > \"$(printf '%0254d\\n' 0)\"; mkdir '...'; printf x > ' -rf --';"
              + " printf x > \"$(printf 'a\\nb\\033[31m\\\\\\377\\001')\"");

      assertEquals(Set.of(), each(bench, spec));
      List<String> paths =
          list(bench, spec).stream().map(change -> change.path().toString()).toList();
      assertTrue(
          paths.containsAll(List.of("/etc", "/srv/pipe", "/srv/up", "/...")), paths::toString);
      delete(bench, spec);
    }
  }

  @Test
  void aLinkIsNoMark(Images images) throws Exception {
    try (Bench bench = Bench.of("overlayfs", temp)) {
      SessionSpec spec = on(bench, images);
      Path srv = Files.createDirectory(upper(spec).resolve("srv"));
      Files.createSymbolicLink(srv.resolve(".wh..wh..opq"), outside.resolve("file"));
      Files.createSymbolicLink(srv.resolve(".wh.file"), outside.resolve("file"));
      each(bench, spec);
      delete(bench, spec);
    }
  }

  @Test
  void filesOfStateThatArePipesOrLinks(Images images) throws Exception {
    try (Bench bench = Bench.of("overlayfs", temp)) {
      SessionSpec spec = on(bench, images);
      for (String name : List.of("overlay.json", "line.json", "neutral.journal")) {
        Executable use =
            name.equals("line.json")
                ? () -> bench.sdk().log(path(spec))
                : () -> bench.sdk().convert(spec);
        Path file = path(spec).resolve(name);
        Files.deleteIfExists(file);
        Programs.run("mkfifo", file.toString());
        ends(() -> assertThrows(OverlayException.class, use, name));
        Files.delete(file);
        Files.createSymbolicLink(file, outside.resolve("file"));
        ends(() -> assertThrows(OverlayException.class, use, name));
        Files.delete(file);
      }
      Path elsewhere = Files.move(upper(spec), temp.resolve("elsewhere"));
      Files.createSymbolicLink(upper(spec), elsewhere);
      ends(() -> assertThrows(OverlayException.class, () -> bench.sdk().convert(spec)));
      ends(() -> assertThrows(OverlayException.class, () -> bench.start(spec)));
      assertEquals(before, state());
    }
  }

  @Test
  void whatNobodyMayEnter(Images images) throws Exception {
    try (Bench bench = Bench.of("overlayfs", temp)) {
      SessionSpec spec = on(bench, images);
      Path closed = Files.createDirectories(upper(spec).resolve("srv/closed"));
      Files.writeString(closed.resolve("file"), "x");
      Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
      Set<String> refused = each(bench, spec);
      assertFalse(ROOT && !refused.isEmpty(), refused::toString);
      delete(bench, spec);
    }
  }

  @Test
  void deeperThanAnyPathLeads(Images images) throws Exception {
    try (Bench bench = Bench.of("overlayfs", temp)) {
      SessionSpec spec = on(bench, images);
      Path inner = Files.createDirectory(temp.resolve("inner"));
      for (int i = 0; i < 10_000; i++) {
        Path outer = Files.createDirectory(temp.resolve("outer"));
        Files.move(inner, outer.resolve("d"));
        Files.move(outer, inner);
      }
      Files.move(inner, upper(spec).resolve("deep"));
      each(bench, spec);
      delete(bench, spec);
    }
  }

  @Test
  void whatChangesWhileItIsRead(Images images) throws Exception {
    try (Bench bench = Bench.of("overlayfs", temp)) {
      SessionSpec spec = on(bench, images);
      Path directory = Files.createDirectories(upper(spec).resolve("srv"));
      AtomicBoolean done = new AtomicBoolean();
      Thread enemy = new Thread(() -> exchange(directory, done));
      enemy.start();
      try {
        each(bench, spec);
        each(bench, spec);
      } finally {
        done.set(true);
        enemy.join();
      }
    }
  }

  /** A directory becomes a link to the outside, and back. */
  private void exchange(Path directory, AtomicBoolean done) {
    Path prey = directory.resolve("a");
    for (int i = 0; !done.get(); i++) {
      try {
        if (Files.isSymbolicLink(prey)) {
          Files.delete(prey);
          Files.createDirectory(prey);
          Files.writeString(prey.resolve("file"), "x".repeat(i % 10_000));
        } else if (Files.isDirectory(prey, LinkOption.NOFOLLOW_LINKS)) {
          Files.delete(prey.resolve("file"));
          Files.delete(prey);
          Files.createSymbolicLink(prey, outside);
        } else {
          Files.createSymbolicLink(prey, outside);
        }
      } catch (IOException e) {
        // whoever reads it may have made something
        continue;
      }
    }
  }
}
