package io.overlaysdk.benchmarks;

import io.overlaysdk.Configuration;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.SessionSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How fast an overlay becomes a layer. */
final class ExportBenchmark implements Benchmark {
  private static final Bound BOUND = new Bound.AtLeastAsFast(0.7);
  private static final String CONTENT = "20,000 small files and one of 500 MiB";

  @Override
  public List<Measured> run(Path directory) throws Exception {
    Path base = Files.createDirectory(directory.resolve("base"));
    Path overlay = directory.resolve("overlay");
    Path upper =
        Fixture.installation(Files.createDirectories(overlay.resolve("upper")), 20_000, 500);
    Path layer = directory.resolve("ours.tar");
    Path archive = directory.resolve("gnu.tar");
    Tool tar =
        Tool.of(
            "tar", "--xattrs", "--format=posix", "--sort=name", "-cf", archive, "-C", upper, ".");
    Rounds.Work theirs =
        () -> {
          tar.run();
          Files.delete(archive);
        };
    Configuration configuration =
        Configuration.builder().scratch(directory).state(directory.resolve("state")).build();
    SessionSpec spec = SessionSpec.on(Image.at(base)).overlay(Overlay.at(overlay).readOnly());
    try (OverlaySdk sdk = OverlaySdk.open(configuration)) {
      Measured warm =
          new Rounds(2, 7)
              .compare(
                  "export, " + CONTENT,
                  () -> {
                    sdk.exportLayer(spec, layer);
                    Files.delete(layer);
                  },
                  "GNU tar --xattrs --format=posix --sort=name",
                  theirs,
                  BOUND);
      Tool export = Tool.overlay("export", overlay, "--base", base, "-o", layer);
      Measured cold =
          new Rounds(1, 7)
              .compare(
                  "overlay export, a JVM started each time, " + CONTENT,
                  () -> {
                    export.run();
                    Files.delete(layer);
                  },
                  "GNU tar --xattrs --format=posix --sort=name",
                  theirs,
                  BOUND);
      return List.of(warm, cold);
    }
  }
}
