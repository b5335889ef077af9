package io.overlaysdk.benchmarks;

import io.overlaysdk.Change;
import io.overlaysdk.Changes;
import io.overlaysdk.Configuration;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** How long it takes to tell what an overlay changes. */
final class ChangesBenchmark implements Benchmark {
  private static final int MANY = 100_000;
  private static final int FEW = 100;
  private static final int LARGE_BASE = 200_000;
  private static final int SMALL_BASE = 2_000;

  @Override
  public List<Measured> run(Path directory) throws Exception {
    Configuration configuration =
        Configuration.builder().scratch(directory).state(directory.resolve("state")).build();
    try (OverlaySdk sdk = OverlaySdk.open(configuration)) {
      List<Measured> measured = new ArrayList<>();
      measured.add(many(sdk, directory.resolve("many")));
      measured.addAll(few(sdk, directory));
      return measured;
    }
  }

  private static Measured many(OverlaySdk sdk, Path directory) throws Exception {
    Path base = Fixture.files(directory.resolve("base"), FEW, 1);
    Path upper = Fixture.files(directory.resolve("overlay/upper"), MANY - 1_050, 2);
    return new Rounds(3, 9)
        .compare(
            "changes of an upper with 100,000 entries, heap of %d MiB"
                .formatted(Runtime.getRuntime().maxMemory() >> 20),
            () -> count(sdk, base, directory.resolve("overlay"), MANY),
            "find UPPER -printf '%y %s %T@ %p\\n'",
            Tool.of("find", upper, "-printf", "%y %s %T@ %p\\n")::run,
            new Bound.AtMost(1.5));
  }

  private static List<Measured> few(OverlaySdk sdk, Path directory) throws Exception {
    Path large = directory.resolve("large");
    Path small = directory.resolve("small");
    change(large, LARGE_BASE);
    change(small, SMALL_BASE);
    Measured full =
        new Rounds(1, 3)
            .compare(
                "100 changes in a base of 200,000 files",
                () -> count(sdk, large.resolve("base"), large.resolve("overlay"), FEW),
                "rsync -nrlptgoDc --delete",
                Tool.of("rsync", "-nrlptgoDc", "--delete", large + "/copy/", large + "/base/")::run,
                new Bound.AtLeastAsFast(50));
    Measured size =
        new Rounds(10, 21)
            .compare(
                "100 changes in a base of 200,000 files",
                () -> count(sdk, large.resolve("base"), large.resolve("overlay"), FEW),
                "the same changes in a base of 2,000 files",
                () -> count(sdk, small.resolve("base"), small.resolve("overlay"), FEW),
                new Bound.AtMost(2));
    return List.of(full, size);
  }

  /** A base, an overlay with 100 files changed in 20 directories, and a copy with the same. */
  private static void change(Path directory, int files) throws Exception {
    Path base = Fixture.files(directory.resolve("base"), files, 3);
    Path upper = Files.createDirectories(directory.resolve("overlay/upper"));
    Tool.of("cp", "-a", base, directory.resolve("copy")).run();
    for (int i = 0; i < FEW; i++) {
      int number = i / 5 * 100 + i % 5;
      byte[] changed = Files.readAllBytes(Fixture.place(base, number));
      changed[changed.length - 1]++;
      Files.write(Fixture.place(upper, number), changed);
      Files.write(Fixture.place(directory.resolve("copy"), number), changed);
    }
  }

  private static void count(OverlaySdk sdk, Path base, Path overlay, int least) throws IOException {
    SessionSpec spec = SessionSpec.on(Image.at(base)).overlay(Overlay.at(overlay).readOnly());
    long found = 0;
    try (Changes changes = sdk.changes(spec, Changes.Detail.ROOTS)) {
      for (Iterator<Change> each = changes.iterator(); each.hasNext(); each.next()) {
        found++;
      }
    }
    if (found < least - FEW) {
      throw new IOException(found + " changes of " + overlay + ", not " + least);
    }
  }
}
