package io.overlaysdk.layers.oci;

import io.overlaysdk.layers.Layer;
import io.overlaysdk.spi.Dialect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Measures an export beside GNU tar on the same upper directory, in turns: {@code java
 * ExportThroughput DIRECTORY [ROUNDS]}. The first round of the export is that of a cold JVM.
 */
final class ExportThroughput {
  private ExportThroughput() {}

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]).toAbsolutePath();
    int rounds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 7;
    Path upper = directory.resolve("upper");
    if (!Files.exists(upper)) {
      fill(upper);
    }
    List<Long> ours = new ArrayList<>();
    List<Long> theirs = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      theirs.add(time(directory.resolve("gnu.tar"), file -> gnu(upper, file)));
      ours.add(time(directory.resolve("ours.tar"), file -> export(upper, file)));
    }
    System.out.printf(
        "GNU tar --xattrs: median %d ms of %s%nexport: median %d ms of %s, the first one cold%n"
            + "throughput against GNU tar: %.2f, cold %.2f%n",
        median(theirs),
        theirs,
        median(ours),
        ours,
        (double) median(theirs) / median(ours),
        (double) median(theirs) / ours.get(0));
  }

  private interface Writing {
    void to(Path file);
  }

  private static long time(Path file, Writing writing) throws Exception {
    long start = System.nanoTime();
    writing.to(file);
    long took = (System.nanoTime() - start) / 1_000_000;
    Files.delete(file);
    return took;
  }

  private static void gnu(Path upper, Path file) {
    ShellNodes.run(
        List.of(
            "tar",
            "--format=posix",
            "--xattrs",
            "--sort=name",
            "-C",
            upper.toString(),
            "-cf",
            file.toString(),
            "."));
  }

  private static void export(Path upper, Path file) {
    LayerWriter.of(Layer.at(upper).in(Dialect.NEUTRAL)).writeTo(file);
  }

  private static long median(List<Long> values) {
    List<Long> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    return sorted.get(sorted.size() / 2);
  }

  /** 20,000 small files in 200 directories, and one of 500 MiB. */
  private static void fill(Path upper) throws Exception {
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      Path file = upper.resolve("package%03d/lib/file%03d.py".formatted(i / 100, i % 100));
      Files.createDirectories(file.getParent());
      byte[] content = new byte[100 + random.nextInt(6000)];
      random.nextBytes(content);
      Files.write(file, content);
    }
    byte[] chunk = new byte[1 << 20];
    try (var out = Files.newOutputStream(upper.resolve("large"))) {
      for (int i = 0; i < 500; i++) {
        random.nextBytes(chunk);
        out.write(chunk);
      }
    }
  }
}
