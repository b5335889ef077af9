package io.overlaysdk.layers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A tiny overlay driver in memory, which does random things to a tree and writes the upper
 * directory that a driver would leave. Knows nothing of the code that it tests.
 */
final class Simulator {
  enum Driver {
    FUSE_DEVICES,
    FUSE_FILES,
    USERXATTR,
    PLAIN
  }

  private static final String[] NAMES = {"a", "a-b", "ab", "é", "B", "z", "x y", ".wh", "\n"};
  private static final int[] FILE_MODES = {0644, 0600, 0755, 0444};
  private static final int[] DIRECTORY_MODES = {0755, 0700, 0750, 01777};

  final Tree merged;
  private final Tree lower;
  private final Driver driver;
  private final Random random;
  final List<String> log = new ArrayList<>();

  Simulator(Tree lower, Driver driver, Random random) {
    this.lower = lower;
    this.merged = lower.copy();
    this.driver = driver;
    this.random = random;
  }

  static Tree randomTree(Random random, int depth) {
    Tree tree = Tree.directory(depth == 0 ? 0755 : pick(random, DIRECTORY_MODES));
    int count = random.nextInt(5);
    for (int i = 0; i < count; i++) {
      tree.children.put(NAMES[random.nextInt(NAMES.length)], randomEntry(random, depth + 1));
    }
    return tree;
  }

  private static Tree randomEntry(Random random, int depth) {
    int kind = random.nextInt(depth > 3 ? 4 : 8);
    if (kind == 0) {
      return Tree.link(random.nextBoolean() ? "a" : "/etc/passwd");
    }
    Tree entry =
        kind < 4 ? Tree.file(pick(random, FILE_MODES), text(random)) : randomTree(random, depth);
    if (random.nextInt(4) == 0) {
      entry.attributes.put("user.k", text(random));
    }
    return entry;
  }

  private static int pick(Random random, int[] from) {
    return from[random.nextInt(from.length)];
  }

  private static String text(Random random) {
    return "x".repeat(random.nextInt(3)) + random.nextInt(3);
  }

  void step() {
    Tree directory = merged;
    Tree below = lower;
    while (random.nextInt(3) > 0) {
      List<String> inside =
          directory.children.entrySet().stream()
              .filter(e -> e.getValue().isDirectory())
              .map(Map.Entry::getKey)
              .toList();
      if (inside.isEmpty()) {
        break;
      }
      String name = inside.get(random.nextInt(inside.size()));
      log.add("cd " + name);
      directory = directory.children.get(name);
      below = directory.fresh || below == null ? null : below.children.get(name);
    }
    String name = NAMES[random.nextInt(NAMES.length)];
    Tree entry = directory.children.get(name);
    boolean covers = below != null && below.children.containsKey(name);
    switch (random.nextInt(7)) {
      case 0, 1 -> remove(directory, name, covers);
      case 2 -> {
        if (entry == null) {
          create(directory, name, randomEntry(random, 2), covers);
        }
      }
      case 3 -> {
        if (entry != null && remove(directory, name, covers)) {
          create(directory, name, randomEntry(random, 2), covers);
        }
      }
      case 4 -> {
        // removed and made again as it was
        if (entry != null && remove(directory, name, covers)) {
          create(directory, name, entry.copy(), covers);
        }
      }
      case 5 -> touch(entry);
      default -> rename(directory, name, covers, below);
    }
  }

  private boolean isPlainLowerDirectory(Tree entry, boolean covers) {
    return entry != null && entry.isDirectory() && covers;
  }

  private boolean remove(Tree directory, String name, boolean covers) {
    Tree entry = directory.children.get(name);
    // without opaque directories the kernel answers EIO
    if (entry == null || driver == Driver.PLAIN && isPlainLowerDirectory(entry, covers)) {
      return false;
    }
    log.add("rm " + name);
    directory.children.remove(name);
    if (covers) {
      directory.whiteouts.put(name, true);
    }
    return true;
  }

  private void create(Tree directory, String name, Tree entry, boolean covers) {
    if (driver == Driver.PLAIN && entry.isDirectory() && covers) {
      return;
    }
    log.add("create " + name + " " + entry.type);
    fresh(entry);
    entry.whiteouts.clear();
    directory.children.put(name, entry);
  }

  private void fresh(Tree entry) {
    entry.fresh = true;
    entry.touched = true;
    entry.whiteouts.clear();
    entry.children.values().forEach(this::fresh);
  }

  private void touch(Tree entry) {
    if (entry == null) {
      return;
    }
    log.add("touch");
    entry.touched = true;
    switch (random.nextInt(4)) {
      case 0 -> {
        if (entry.type == Tree.Type.FILE) {
          entry.content = text(random);
        }
      }
      case 1 -> {
        if (entry.type != Tree.Type.LINK) {
          entry.mode = pick(random, entry.isDirectory() ? DIRECTORY_MODES : FILE_MODES);
        }
      }
      case 2 -> {
        if (entry.type != Tree.Type.LINK) {
          entry.attributes.put("user.k", text(random));
        }
      }
      default -> {
        // copied up, and nothing else
      }
    }
  }

  private void rename(Tree directory, String name, boolean covers, Tree below) {
    Tree entry = directory.children.get(name);
    String to = NAMES[random.nextInt(NAMES.length)];
    boolean coversTarget = below != null && below.children.containsKey(to);
    if (entry == null || to.equals(name) || directory.children.containsKey(to)) {
      return;
    }
    if (driver == Driver.PLAIN && entry.isDirectory() && (covers || coversTarget)) {
      return;
    }
    if (remove(directory, name, covers)) {
      create(directory, to, entry.copy(), coversTarget);
    }
  }

  /** Writes what the driver would leave; the seeds are whiteouts to make links of. */
  void writeUpper(Path upper, Path kernelSeed, Path fuseSeed) throws IOException {
    merged.touched = true;
    write(merged, upper, lower, kernelSeed, fuseSeed, "");
  }

  private static boolean isNeeded(Tree tree) {
    return tree.touched
        || !tree.whiteouts.isEmpty()
        || tree.children.values().stream().anyMatch(Simulator::isNeeded);
  }

  private void write(
      Tree tree, Path directory, Tree below, Path kernelSeed, Path fuseSeed, String path)
      throws IOException {
    Files.createDirectories(directory);
    for (String name : tree.whiteouts.keySet()) {
      if (!tree.children.containsKey(name)) {
        whiteout(directory, name, kernelSeed);
      }
    }
    for (Map.Entry<String, Tree> child : tree.children.entrySet()) {
      Tree entry = child.getValue();
      if (!isNeeded(entry)) {
        continue;
      }
      Path file = directory.resolve(child.getKey());
      Tree old = below == null || tree.fresh ? null : below.children.get(child.getKey());
      String childPath = path + child.getKey();
      if (entry.isDirectory()) {
        write(entry, file, old, kernelSeed, fuseSeed, childPath + "/");
      } else {
        entry.writeAs(file);
        origin(entry, file, childPath);
      }
    }
    tree.attributes(directory);
    // the kernel marks only the topmost: there is nothing to hide below an opaque directory
    if (tree.fresh && (driver != Driver.USERXATTR || below != null)) {
      opaque(directory, fuseSeed);
    }
    Files.setAttribute(directory, "unix:mode", tree.mode);
  }

  private void origin(Tree entry, Path file, String path) throws IOException {
    boolean fuse = driver == Driver.FUSE_DEVICES || driver == Driver.FUSE_FILES;
    if (fuse && !entry.fresh && entry.type == Tree.Type.FILE && (entry.mode & 0200) != 0) {
      Tree.setAttribute(file, "user.fuseoverlayfs.origin", path + "\0");
    }
  }

  private void whiteout(Path directory, String name, Path kernelSeed) throws IOException {
    if (driver == Driver.FUSE_FILES) {
      emptyFile(directory.resolve(".wh." + name));
    } else {
      Files.createLink(directory.resolve(name), kernelSeed);
    }
  }

  private void opaque(Path directory, Path fuseSeed) throws IOException {
    switch (driver) {
      case USERXATTR -> Tree.setAttribute(directory, "user.overlay.opaque", "y");
      case FUSE_DEVICES, FUSE_FILES -> {
        Tree.setAttribute(directory, "user.fuseoverlayfs.opaque", "y");
        emptyFile(directory.resolve(".wh..wh..opq"));
        if (driver == Driver.FUSE_DEVICES) {
          Files.createLink(directory.resolve(".wh..opq"), fuseSeed);
        }
      }
      case PLAIN -> {
        // cannot be said
      }
    }
  }

  private static void emptyFile(Path file) throws IOException {
    Files.createFile(file);
    Files.setAttribute(file, "unix:mode", 0700);
  }
}
