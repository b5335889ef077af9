package io.overlaysdk.engine;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a fuzzed input lies that is read from a file. */
final class FuzzedFile {
  /** One for all: a fuzzer calls tens of thousands of times a second. */
  private static final Path DIRECTORY = make();

  private FuzzedFile() {}

  private static Path make() {
    try {
      return Files.createTempDirectory("fuzzed-");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static Path of(String name, byte[] data) throws IOException {
    return Files.write(DIRECTORY.resolve(name), data);
  }

  /** The same, with a hole behind it where it is shorter. */
  static Path of(String name, byte[] data, long size) throws IOException {
    Path path = of(name, data);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(Math.max(size, data.length));
    }
    return path;
  }

  /** A name where nothing is. */
  static Path free(String name) throws IOException {
    Path path = DIRECTORY.resolve(name);
    Files.deleteIfExists(path);
    return path;
  }
}
