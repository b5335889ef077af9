package io.overlaysdk.engine;

import io.overlaysdk.Change;
import io.overlaysdk.Change.Kind;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.RebaseReport.Conflict;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** What an overlay changes in one image, to find out whether another image changed it too. */
final class Conflicts {
  /** What stands in the place of whatever the image has at a path, and below it. */
  private static final Set<Kind> COVERING = EnumSet.of(Kind.ADDED, Kind.DELETED, Kind.TYPE_CHANGED);

  /** What takes away the ground for what lies below a path. */
  private static final Set<Kind> REMOVING = EnumSet.of(Kind.DELETED, Kind.TYPE_CHANGED);

  private final SortedMap<ContainerPath, Change> ours = new TreeMap<>();

  void add(Change change) {
    ours.put(change.path(), change);
  }

  /** Whether the overlay itself says something of this path. */
  boolean has(ContainerPath path) {
    return ours.containsKey(path);
  }

  /**
   * @param theirs how the other image differs from the one that the overlay was made on
   */
  Optional<Conflict> with(Change theirs) {
    return at(theirs.path())
        .or(() -> above(theirs.path()))
        .or(() -> REMOVING.contains(theirs.kind()) ? below(theirs.path()) : Optional.empty())
        .map(change -> new Conflict(theirs.path(), theirs.kind(), change));
  }

  private Optional<Change> at(ContainerPath path) {
    return Optional.ofNullable(ours.get(path));
  }

  private Optional<Change> above(ContainerPath path) {
    byte[] bytes = path.bytes();
    for (int i = 1; i < bytes.length; i++) {
      if (bytes[i] == '/') {
        Change change = ours.get(ContainerPath.of(Arrays.copyOf(bytes, i)));
        if (change != null && COVERING.contains(change.kind())) {
          return Optional.of(change);
        }
      }
    }
    return Optional.empty();
  }

  private Optional<Change> below(ContainerPath path) {
    byte[] above = path.bytes();
    return ours.tailMap(path).values().stream()
        .filter(change -> !change.path().equals(path))
        .findFirst()
        .filter(change -> lies(change.path().bytes(), above));
  }

  private static boolean lies(byte[] path, byte[] above) {
    return path.length > above.length
        && Arrays.equals(path, 0, above.length, above, 0, above.length)
        && path[above.length] == '/';
  }
}
