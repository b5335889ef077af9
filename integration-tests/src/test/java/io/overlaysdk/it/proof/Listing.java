package io.overlaysdk.it.proof;

import io.overlaysdk.Change;
import io.overlaysdk.Change.Kind;
import io.overlaysdk.ContainerPath;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** All that can be seen of a tree, as {@link #SCRIPT} printed it in a container or a directory. */
final class Listing {
  static final String PLACES = "data opt srv usr/share";

  /**
   * For a shell with busybox and getfattr, in the root of the tree. Where a squashfs has no
   * attributes at all, its driver does not support them.
   */
  static final String SCRIPT =
      "find "
          + PLACES
          + " -exec stat -c '%n|%f|%u:%g|%Y|%h|%i|%N' {} +; echo --; find "
          + PLACES
          + " -type f -exec sha256sum {} +; echo --; getfattr -R -h -d -m '^user\\.' -e hex "
          + PLACES
          + "; true";

  private static final Pattern EMPTY = Pattern.compile("user\\.\\w+(=0x|=\"\")?( |$)");

  /** Times of before are set ones, which must be kept; later ones are those of the test itself. */
  private static final long SET = 1_500_000_000;

  /** One path. Without a second name {@code linked} is empty, else the first name of the file. */
  record Entry(
      int mode, String owner, String time, String linked, String content, String attributes) {
    private static final int TYPE = 0170000;

    int type() {
      return mode & TYPE;
    }

    boolean isDirectory() {
      return type() == 0040000;
    }

    boolean isRegular() {
      return type() == 0100000;
    }

    private boolean isLink() {
      return type() == 0120000;
    }

    private Entry with(String newContent, String newAttributes) {
      return new Entry(mode, owner, time, linked, newContent, newAttributes);
    }

    private boolean sameMetadata(Entry other) {
      return mode == other.mode && owner.equals(other.owner) && attributes.equals(other.attributes);
    }
  }

  private final SortedMap<String, Entry> entries;

  private Listing(SortedMap<String, Entry> entries) {
    this.entries = entries;
  }

  static Listing parse(String printed, Set<Aspect> aspects) {
    String[] parts = printed.split("(?m)^--\n", 3);
    SortedMap<String, Entry> entries = new TreeMap<>();
    Map<String, String> firstNames = new HashMap<>();
    parts[0].lines().sorted().forEach(line -> add(line, aspects, firstNames, entries));
    parts[1].lines().forEach(line -> content(entries, line.substring(66), line.substring(0, 64)));
    for (String block : parts[2].strip().split("\n\n")) {
      if (!block.isBlank()) {
        String[] lines = block.split("\n", 2);
        attributes(entries, lines[0].substring("# file: ".length()), lines[1]);
      }
    }
    return new Listing(entries);
  }

  private static void add(
      String line,
      Set<Aspect> aspects,
      Map<String, String> firstNames,
      Map<String, Entry> entries) {
    String[] field = line.split("\\|", 7);
    int mode = Integer.parseInt(field[1], 16);
    Entry entry = new Entry(mode, aspects.contains(Aspect.OWNERS) ? field[2] : "", "", "", "", "");
    String time = entry.isRegular() && Long.parseLong(field[3]) < SET ? field[3] : "";
    boolean several =
        aspects.contains(Aspect.LINKS) && !entry.isDirectory() && !field[4].equals("1");
    String linked = several ? firstNames.computeIfAbsent(field[5], inode -> field[0]) : "";
    String target = entry.isLink() ? field[6] : "";
    entries.put(field[0], new Entry(mode, entry.owner, time, linked, target, ""));
  }

  private static void content(Map<String, Entry> entries, String path, String sum) {
    entries.computeIfPresent(path, (at, entry) -> entry.with(sum, entry.attributes));
  }

  private static void attributes(Map<String, Entry> entries, String path, String lines) {
    String sorted = String.join(" ", lines.lines().sorted().toList());
    if (entries.computeIfPresent(path, (at, entry) -> entry.with(entry.content, sorted)) == null) {
      throw new IllegalArgumentException("attributes of a path that find did not show: " + path);
    }
  }

  Set<String> paths() {
    return entries.keySet();
  }

  /** Whether there is an attribute without a value, which squashfuse denies. */
  boolean hasEmptyAttribute() {
    return entries.values().stream().anyMatch(entry -> EMPTY.matcher(entry.attributes).find());
  }

  /** What is not alike, one line for each path, empty where all is. */
  List<String> differences(Listing other) {
    SortedMap<String, Entry> all = new TreeMap<>(entries);
    all.putAll(other.entries);
    List<String> lines = new ArrayList<>();
    for (String path : all.keySet()) {
      Entry mine = entries.get(path);
      Entry theirs = other.entries.get(path);
      if (mine == null || !mine.equals(theirs)) {
        lines.add(path + ": expected " + mine + ", found " + theirs);
      }
    }
    return lines;
  }

  /** What the SDK must say has changed from this tree to the other one. */
  List<String> changes(Listing after) {
    SortedMap<String, Entry> all = new TreeMap<>(entries);
    all.putAll(after.entries);
    List<Change> changes = new ArrayList<>();
    for (String path : all.keySet()) {
      Entry old = entries.get(path);
      Entry now = after.entries.get(path);
      if (now == null) {
        if (after.isDirectory(parent(path))) {
          changes.add(change(Kind.DELETED, path));
        }
      } else if (old == null) {
        changes.add(change(Kind.ADDED, path));
      } else if (old.type() != now.type()) {
        changes.add(change(Kind.TYPE_CHANGED, path));
      } else if (!old.content.equals(now.content)) {
        changes.add(change(Kind.MODIFIED, path));
      } else if (!old.sameMetadata(now)) {
        changes.add(change(Kind.METADATA, path));
      }
    }
    return changes.stream().sorted().map(Change::toString).toList();
  }

  private boolean isDirectory(String path) {
    Entry entry = entries.get(path);
    return entry == null ? !path.contains("/") : entry.isDirectory();
  }

  private static String parent(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('/')));
  }

  private static Change change(Kind kind, String path) {
    return Change.of(kind, ContainerPath.of("/" + path));
  }
}
