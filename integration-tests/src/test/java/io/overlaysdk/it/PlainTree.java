package io.overlaysdk.it;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.Change;
import io.overlaysdk.Change.Kind;
import io.overlaysdk.ContainerPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Plain directories: copied, changed and compared in full, without anything of an overlay. */
final class PlainTree {
  private static final int TYPE = 0170000;
  private static final int DIRECTORY = 0040000;
  private static final int LINK = 0120000;

  private PlainTree() {}

  static void copy(Path from, Path to) throws Exception {
    Process process = new ProcessBuilder("cp", "-a", from.toString(), to.toString()).start();
    assertEquals(0, process.waitFor(), "cp -a");
  }

  /** Runs a script with the tree's root as its directory, in the same shell that images have. */
  static void run(Path root, String script) throws Exception {
    Process process =
        new ProcessBuilder("/bin/busybox", "sh", "-c", script).directory(root.toFile()).start();
    assertEquals(0, process.waitFor(), script);
  }

  /** Puts the content of an archive in the place of these entries of the root. */
  static void replace(Path root, String names, byte[] archive) throws Exception {
    run(root, "rm -rf " + names);
    Path file = Files.write(root.resolveSibling(root.getFileName() + ".tar"), archive);
    run(root, "tar -xpf ../" + file.getFileName());
  }

  /** What differs between the two, found by going through both. */
  static List<Change> changes(Path before, Path after) throws IOException {
    List<Change> changes = new ArrayList<>();
    compare(before, after, "", changes);
    changes.sort(null);
    return changes;
  }

  private static void compare(Path before, Path after, String path, List<Change> changes)
      throws IOException {
    Set<String> names = new TreeSet<>(names(before));
    names.addAll(names(after));
    for (String name : names) {
      Path old = before.resolve(name);
      Path now = after.resolve(name);
      String at = path + "/" + name;
      if (!Files.exists(now, NOFOLLOW_LINKS)) {
        add(changes, Kind.DELETED, at);
      } else if (!Files.exists(old, NOFOLLOW_LINKS)) {
        added(now, at, changes);
      } else {
        both(old, now, at, changes);
      }
    }
  }

  private static void both(Path old, Path now, String at, List<Change> changes) throws IOException {
    int modeBefore = mode(old);
    int modeAfter = mode(now);
    int type = modeAfter & TYPE;
    if ((modeBefore & TYPE) != type) {
      add(changes, Kind.TYPE_CHANGED, at);
      if (type == DIRECTORY) {
        addedIn(now, at, changes);
      }
      return;
    }
    if (type != DIRECTORY && !sameContent(old, now, type)) {
      add(changes, Kind.MODIFIED, at);
    } else if (modeBefore != modeAfter && type != LINK) {
      add(changes, Kind.METADATA, at);
    }
    if (type == DIRECTORY) {
      compare(old, now, at, changes);
    }
  }

  private static void added(Path now, String at, List<Change> changes) throws IOException {
    add(changes, Kind.ADDED, at);
    if (Files.isDirectory(now, NOFOLLOW_LINKS)) {
      addedIn(now, at, changes);
    }
  }

  private static void addedIn(Path directory, String at, List<Change> changes) throws IOException {
    for (String name : names(directory)) {
      added(directory.resolve(name), at + "/" + name, changes);
    }
  }

  private static boolean sameContent(Path old, Path now, int type) throws IOException {
    return type == LINK
        ? Files.readSymbolicLink(old).equals(Files.readSymbolicLink(now))
        : Files.mismatch(old, now) < 0;
  }

  private static int mode(Path path) throws IOException {
    Map<String, Object> found = Files.readAttributes(path, "unix:mode", NOFOLLOW_LINKS);
    return (int) found.get("mode");
  }

  private static Set<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private static void add(List<Change> changes, Kind kind, String at) {
    changes.add(Change.of(kind, ContainerPath.of(at)));
  }
}
