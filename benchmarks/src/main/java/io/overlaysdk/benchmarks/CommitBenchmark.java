package io.overlaysdk.benchmarks;

import io.overlaysdk.CommitMode;
import io.overlaysdk.Configuration;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a new image costs: 1 MB of changes on a SIF of some 100 MB. */
final class CommitBenchmark implements Benchmark {
  private static final Bound LAYERED = new Bound.AtLeastAsFast(20);
  private static final Bound FLATTENED = new Bound.AtMost(1.2);
  private static final int CHANGED_FILES = 4000;

  @Override
  public List<Measured> run(Path directory) throws Exception {
    Path sandbox = Fixture.sandbox(Files.createDirectory(directory.resolve("sandbox")));
    Fixture.installation(Files.createDirectory(sandbox.resolve("opt")), 5000, 85);
    Path merged = directory.resolve("merged");
    Tool.of("cp", "-a", sandbox, merged).run();
    Fixture.files(Files.createDirectory(merged.resolve("srv")), CHANGED_FILES, 7);
    Configuration configuration =
        Configuration.builder().scratch(directory).state(directory.resolve("state")).build();
    Path base = directory.resolve("base.sif");
    Tool.of("apptainer", "--silent", "build", base, sandbox).run();
    try (OverlaySdk sdk = OverlaySdk.open(configuration)) {
      Path overlay = directory.resolve("overlay");
      sdk.createOverlay(overlay);
      Fixture.files(Files.createDirectory(overlay.resolve("upper/srv")), CHANGED_FILES, 7);
      SessionSpec spec = SessionSpec.on(Image.at(base)).overlay(Overlay.at(overlay));
      return measure(sdk, spec, merged, directory);
    }
  }

  private static List<Measured> measure(
      OverlaySdk sdk, SessionSpec spec, Path merged, Path directory) throws Exception {
    Path target = directory.resolve("new.sif");
    Path theirs = directory.resolve("theirs");
    Tool build = Tool.of("apptainer", "--silent", "build", theirs + ".sif", merged);
    Measured layered =
        new Rounds(1, 5)
            .compare(
                "commit --layered, 1 MB of changes on a SIF of 100 MB",
                () -> commit(sdk, spec, target, CommitMode.LAYERED),
                "apptainer build from a sandbox",
                () -> run(build, Path.of(theirs + ".sif")),
                LAYERED);
    Tool pack = Tool.of("mksquashfs", merged, theirs, "-noappend", "-no-progress", "-quiet");
    Measured flattened =
        new Rounds(1, 7)
            .compare(
                "commit --flatten, to a SIF, the same",
                () -> commit(sdk, spec, target, CommitMode.FLATTENED),
                "mksquashfs alone on the merged tree",
                () -> run(pack, theirs),
                FLATTENED);
    return List.of(layered, flattened);
  }

  private static void commit(OverlaySdk sdk, SessionSpec spec, Path target, CommitMode mode)
      throws IOException {
    sdk.commit(spec, target, mode);
    Files.delete(target);
  }

  private static void run(Tool tool, Path target) throws Exception {
    tool.run();
    Files.delete(target);
  }
}
