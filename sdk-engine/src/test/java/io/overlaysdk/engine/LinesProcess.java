package io.overlaysdk.engine;

import io.overlaysdk.Snapshot;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/**
 * Does things with snapshots until it is killed, and says before each what will be seen when it is
 * done: {@code will FILES}, {@code done}, {@code kept SNAPSHOT FILES}.
 */
final class LinesProcess {
  private LinesProcess() {}

  public static void main(String[] args) throws Exception {
    Path overlay = Path.of(args[0]);
    Random random = new Random(Long.parseLong(args[1]));
    Lines lines = LinesTest.realLines(new Journal(overlay.resolveSibling("state")));
    List<Snapshot> snapshots = new ArrayList<>();
    List<Set<String>> states = new ArrayList<>();
    Set<String> now = new TreeSet<>();
    for (int i = 0; ; i++) {
      int at = snapshots.isEmpty() ? 0 : random.nextInt(snapshots.size());
      switch (snapshots.isEmpty() || lines.log(overlay).size() > 30 ? i % 2 : random.nextInt(4)) {
        case 0 -> {
          String name = "file" + i;
          now.add(name);
          will(now);
          Contents.write(overlay, name);
        }
        case 1 -> {
          will(now);
          if (snapshots.size() < 30) {
            Snapshot snapshot = lines.snapshot(overlay, "");
            snapshots.add(snapshot);
            states.add(new TreeSet<>(now));
            System.out.println("kept " + snapshot.id() + " " + String.join(" ", now));
          }
        }
        case 2 -> {
          now = new TreeSet<>(states.get(at));
          will(now);
          lines.rollback(overlay, Optional.of(snapshots.get(at).id()), true);
        }
        default -> {
          will(now);
          Path fork = overlay.resolveSibling("fork" + i);
          lines.fork(overlay, Optional.of(snapshots.get(at).id()), fork);
          if (random.nextBoolean()) {
            lines.delete(fork);
          }
        }
      }
      System.out.println("done");
    }
  }

  private static void will(Set<String> state) {
    System.out.println("will " + String.join(" ", state));
  }
}
