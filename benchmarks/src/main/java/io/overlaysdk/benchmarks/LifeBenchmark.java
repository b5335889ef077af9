package io.overlaysdk.benchmarks;

import io.overlaysdk.Configuration;
import io.overlaysdk.ImageSize;
import io.overlaysdk.OverlaySdk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** What it costs to make overlays, to keep their states and to branch them. */
final class LifeBenchmark implements Benchmark {
  private static final int MANY = 50_000;
  private static final int FEW = 500;

  /** Each is of an overlay of its own. */
  private static final int SNAPSHOTS = 8;

  private int number;

  @Override
  public List<Measured> run(Path directory) throws Exception {
    Configuration configuration =
        Configuration.builder().scratch(directory).state(directory.resolve("state")).build();
    try (OverlaySdk sdk = OverlaySdk.open(configuration)) {
      List<Measured> measured = new ArrayList<>();
      measured.addAll(create(sdk, directory));
      measured.addAll(keep(sdk, directory));
      return measured;
    }
  }

  private static List<Measured> create(OverlaySdk sdk, Path directory) throws Exception {
    Path ours = directory.resolve("ours.img");
    Path theirs = directory.resolve("theirs.img");
    ImageSize small = ImageSize.of(1L << 30);
    ImageSize large = ImageSize.of(15L << 30).inodes(500_000);
    String apptainer = "apptainer";
    return List.of(
        new Rounds(8, 5)
            .settled()
            .compare(
                "create --size 1G",
                () -> create(sdk, ours, small),
                "apptainer overlay create --size 1024",
                () ->
                    run(theirs, Tool.of(apptainer, "overlay", "create", "--size", "1024", theirs)),
                new Bound.AtLeastAsFast(20)),
        new Rounds(2, 9)
            .settled()
            .compare(
                "create --size 1G",
                () -> create(sdk, ours, small),
                "apptainer overlay create --sparse --size 1024",
                () ->
                    run(
                        theirs,
                        Tool.of(
                            apptainer, "overlay", "create", "--sparse", "--size", "1024", theirs)),
                new Bound.AtMost(1)),
        new Rounds(2, 9)
            .settled()
            .compare(
                "create --size 1G",
                () -> create(sdk, ours, small),
                "mkfs.ext3 alone",
                () -> run(theirs, Tool.of("/usr/sbin/mkfs.ext3", "-q", theirs, "1G")),
                new Bound.AtMost(1.5)),
        new Rounds(2, 9)
            .settled()
            .compare(
                "create --size 15G --inodes 500000",
                () -> create(sdk, ours, large),
                "mkfs.ext3 alone",
                () ->
                    run(theirs, Tool.of("/usr/sbin/mkfs.ext3", "-q", "-N", 500_000, theirs, "15G")),
                new Bound.AtMost(1.5)));
  }

  private static void create(OverlaySdk sdk, Path file, ImageSize size) throws Exception {
    Files.deleteIfExists(file);
    Files.deleteIfExists(file.resolveSibling(file.getFileName() + ".overlay.json"));
    sdk.createOverlay(file, size);
  }

  private static void run(Path file, Tool tool) throws Exception {
    Files.deleteIfExists(file);
    tool.run();
  }

  private List<Measured> keep(OverlaySdk sdk, Path directory) throws Exception {
    Path content = Fixture.files(directory.resolve("content"), MANY, 1);
    Deque<Path> many = overlays(sdk, directory, content);
    Deque<Path> few = overlays(sdk, directory, Fixture.files(directory.resolve("few"), FEW, 1));
    Path last = many.peekLast();
    Path fewLast = few.peekLast();
    Measured snapshots =
        new Rounds(1, SNAPSHOTS - 1)
            .compare(
                "snapshot of 50,000 files",
                () -> sdk.snapshot(many.remove(), ""),
                "snapshot of 500 files",
                () -> sdk.snapshot(few.remove(), ""),
                new Bound.AtMost(1.5));
    Measured forks =
        new Rounds(3, 15)
            .compare(
                "fork of 50,000 files",
                () -> sdk.fork(last, next(directory)),
                "fork of 500 files",
                () -> sdk.fork(fewLast, next(directory)),
                new Bound.AtMost(1.5));
    Measured copies =
        new Rounds(1, 5)
            .compare(
                "fork of 50,000 files",
                () -> sdk.fork(last, next(directory)),
                "cp -a",
                () -> Tool.of("cp", "-a", content, next(directory)).run(),
                new Bound.AtLeastAsFast(100));
    return List.of(snapshots, forks, copies);
  }

  private Deque<Path> overlays(OverlaySdk sdk, Path directory, Path content) throws Exception {
    Deque<Path> overlays = new ArrayDeque<>();
    for (int i = 0; i < SNAPSHOTS; i++) {
      Path overlay = next(directory);
      sdk.createOverlay(overlay);
      Tool.of("cp", "-a", content + "/.", overlay.resolve("upper")).run();
      overlays.add(overlay);
    }
    return overlays;
  }

  private Path next(Path directory) {
    return directory.resolve("overlay" + number++);
  }
}
