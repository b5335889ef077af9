package io.overlaysdk.benchmarks;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Trees to measure on; the same for every run. */
final class Fixture {
  private static final int IN_A_DIRECTORY = 100;

  private Fixture() {}

  /** So many files of some hundred bytes, 100 in a directory. */
  static Path files(Path root, int count, long seed) throws IOException {
    Random random = new Random(seed);
    for (int i = 0; i < count; i++) {
      byte[] content = new byte[100 + random.nextInt(300)];
      random.nextBytes(content);
      Files.write(place(root, i), content);
    }
    return root;
  }

  /** The file of this number among those that {@link #files} makes. */
  static Path place(Path root, int number) throws IOException {
    int directory = number / IN_A_DIRECTORY;
    Path at = root.resolve("d" + directory % 50).resolve("e" + directory);
    if (number % IN_A_DIRECTORY == 0 || !Files.isDirectory(at)) {
      Files.createDirectories(at);
    }
    return at.resolve("file" + number % IN_A_DIRECTORY);
  }

  /** What an installation leaves: many small files, and a large one. */
  static Path installation(Path root, int count, int largeMebibytes) throws IOException {
    Random random = new Random(1);
    for (int i = 0; i < count; i++) {
      byte[] content = new byte[100 + random.nextInt(6000)];
      random.nextBytes(content);
      Files.write(place(root, i), content);
    }
    byte[] chunk = new byte[1 << 20];
    try (OutputStream out = Files.newOutputStream(root.resolve("large"))) {
      for (int i = 0; i < largeMebibytes; i++) {
        random.nextBytes(chunk);
        out.write(chunk);
      }
    }
    return root;
  }

  /** The smallest root in which commands run. */
  static Path sandbox(Path root) throws IOException {
    for (String name : List.of("bin", "dev", "etc", "proc", "sys", "tmp")) {
      Files.createDirectories(root.resolve(name));
    }
    Files.copy(Path.of("/bin/busybox"), root.resolve("bin/busybox"));
    for (String applet : List.of("cat", "head", "setsid", "sh", "true")) {
      Files.createSymbolicLink(root.resolve("bin").resolve(applet), Path.of("busybox"));
    }
    return root;
  }
}
