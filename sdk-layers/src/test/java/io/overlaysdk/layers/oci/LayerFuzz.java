package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** A layer that is imported: all of it is there, or nothing is left. */
public final class LayerFuzz {
  /** Less than the default, so that the fuzzer gets at the limits. */
  private static final LayerLimits LIMITS = new LayerLimits(10_000_000, 1000, 20, 200);

  private static final int BLOCK = 512;
  private static final int SIZE = 124;
  private static final int SUM = 148;

  private static final Path DIRECTORY = make();

  /** Makes nothing: an input costs no process, and no device is ever made. */
  private static final NodeMaker NOTHING =
      new NodeMaker() {
        @Override
        public void device(Path file, boolean block, int major, int minor) {
          throw new OverlayException("no devices here");
        }

        @Override
        public void fifo(Path file) {
          throw new OverlayException("no FIFOs here");
        }

        @Override
        public void attribute(Path file, String name, byte[] value) {}

        @Override
        public void modified(Path file, Instant time) {}
      };

  private LayerFuzz() {}

  private static Path make() {
    try {
      return Files.createTempDirectory("fuzzed-");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** As it is, and with checksums that fit again: no fuzzer finds what is behind a sum. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    read(data);
    read(sealed(data));
  }

  private static void read(byte[] data) throws IOException {
    Path layer = Files.write(DIRECTORY.resolve("layer.tar"), data);
    Path overlay = DIRECTORY.resolve("overlay");
    try {
      LayerReader.of(layer)
          .whiteouts(file -> {})
          .nodes(NOTHING)
          .limits(LIMITS)
          .implyingDirectories()
          .readInto(overlay);
      RemovedTree.remove(overlay, new AssertionError());
    } catch (OverlayException e) {
      // refused by name
    }
    try (Stream<Path> left = Files.list(DIRECTORY)) {
      List<Path> names = left.toList();
      if (!names.equals(List.of(layer))) {
        throw new AssertionError("beside the layer is left: " + names);
      }
    }
  }

  private static byte[] sealed(byte[] data) {
    byte[] sealed = data.clone();
    int at = 0;
    while (at + BLOCK <= sealed.length && sealed[at] != 0) {
      Arrays.fill(sealed, at + SUM, at + SUM + 8, (byte) ' ');
      int sum = 0;
      for (int i = at; i < at + BLOCK; i++) {
        sum += sealed[i] & 0xff;
      }
      byte[] digits = "%06o\0 ".formatted(sum).getBytes(US_ASCII);
      System.arraycopy(digits, 0, sealed, at + SUM, digits.length);
      at += BLOCK + blocks(new String(sealed, at + SIZE, 11, US_ASCII)) * BLOCK;
    }
    return sealed;
  }

  /** How many follow for the content; none where the size is no number, or a large one. */
  private static int blocks(String size) {
    return size.matches("0{5}[0-7]{6}") ? (Integer.parseInt(size, 8) + BLOCK - 1) / BLOCK : 0;
  }
}
