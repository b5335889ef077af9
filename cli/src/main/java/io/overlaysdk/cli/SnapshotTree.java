package io.overlaysdk.cli;

import io.overlaysdk.Snapshot;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Snapshots as rows from the top down. The line of first children goes straight down; whatever else
 * begins at a snapshot is a column further right, above it.
 */
final class SnapshotTree {
  private final List<Snapshot> snapshots;
  private final List<Row> rows = new ArrayList<>();

  private SnapshotTree(List<Snapshot> snapshots) {
    this.snapshots = snapshots;
  }

  /**
   * One snapshot.
   *
   * @param column from the left, beginning with 0
   * @param parent the row of the one that it was made on; -1 where there is none
   */
  record Row(Snapshot snapshot, int column, int parent) {
    String line() {
      return "| ".repeat(column) + "* " + text();
    }

    String text() {
      String message = snapshot.message().isEmpty() ? "" : " " + printable(snapshot.message());
      String overlays =
          snapshot.overlays().stream()
              .map(Path::toString)
              .map(SnapshotTree::printable)
              .collect(Collectors.joining(", ", " [", "]"));
      return snapshot.id()
          + " "
          + snapshot.taken().truncatedTo(ChronoUnit.SECONDS)
          + message
          + (snapshot.overlays().isEmpty() ? "" : overlays);
    }
  }

  /** What a message holds must not move the cursor of a terminal. */
  private static String printable(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  static List<Row> rows(List<Snapshot> snapshots) {
    SnapshotTree tree = new SnapshotTree(snapshots);
    Set<String> ids = snapshots.stream().map(Snapshot::id).collect(Collectors.toSet());
    Set<String> roots = new HashSet<>();
    for (Snapshot snapshot : snapshots) {
      if (snapshot.parent().filter(ids::contains).isEmpty() && roots.add(snapshot.id())) {
        tree.add(snapshot, 0, -1);
      }
    }
    return tree.rows;
  }

  private void add(Snapshot first, int column, int parent) {
    Snapshot snapshot = first;
    int above = parent;
    while (snapshot != null) {
      rows.add(new Row(snapshot, column, above));
      above = rows.size() - 1;
      List<Snapshot> children = children(snapshot);
      for (int i = children.size() - 1; i > 0; i--) {
        add(children.get(i), column + i, above);
      }
      snapshot = children.isEmpty() ? null : children.get(0);
    }
  }

  private List<Snapshot> children(Snapshot snapshot) {
    return snapshots.stream()
        .filter(other -> other.parent().filter(snapshot.id()::equals).isPresent())
        .toList();
  }
}
