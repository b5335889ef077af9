package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.spi.Dialect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayerFuzzTest {
  private static final long SEED = 20261123;

  @TempDir Path directory;
  private final Random random = new Random(SEED);

  /** Makes nothing, so that a mutated layer costs no process. */
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
        public void modified(Path file, java.time.Instant time) {}
      };

  @Test
  void throwsOnlyWhatIsItsOwnAndLeavesNothing() throws Exception {
    Path upper = SampleUpper.make(directory.resolve("sample"));
    Files.delete(upper.resolve("app/fifo"));
    Files.delete(upper.resolve("app/sparse"));
    Files.delete(upper.resolve("app/zeros"));
    Path sample = directory.resolve("sample.tar");
    LayerWriter.of(Layer.at(upper).in(Dialect.NEUTRAL)).writeTo(sample);
    byte[] whole = Files.readAllBytes(sample);
    Path work = Files.createDirectory(directory.resolve("work"));
    Path mutated = directory.resolve("mutated.tar");
    LayerLimits limits = new LayerLimits(10_000_000, 1000, 20, 200);
    int refused = 0;
    int rounds = 0;
    long end = System.nanoTime() + 3_000_000_000L;
    for (; rounds < 1500 && System.nanoTime() < end; rounds++) {
      Files.write(mutated, mutate(whole));
      Path overlay = work.resolve("o" + rounds);
      try {
        LayerReader.of(mutated)
            .whiteouts(file -> {})
            .nodes(NOTHING)
            .limits(limits)
            .readInto(overlay);
        RemovedTree.remove(overlay, new AssertionError());
      } catch (OverlayException e) {
        refused++;
      } catch (RuntimeException | Error e) {
        throw new AssertionError("seed " + SEED + ", round " + rounds, e);
      }
      try (Stream<Path> left = Files.list(work)) {
        assertEquals(List.of(), left.toList(), "seed " + SEED + ", round " + rounds);
      }
    }
    assertTrue(refused > rounds / 4 && refused < rounds, refused + " of " + rounds);
  }

  /** Changes what readers differ over most: headers, with a checksum that fits again. */
  private byte[] mutate(byte[] whole) {
    byte[] bytes = whole.clone();
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      int block = random.nextInt(bytes.length / 512) * 512;
      switch (random.nextInt(6)) {
        case 0 -> bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        case 1 -> bytes = Arrays.copyOf(bytes, Math.max(512, random.nextInt(bytes.length)));
        case 2 ->
            System.arraycopy(whole, random.nextInt(whole.length / 512) * 512, bytes, block, 512);
        case 3 -> bytes[block + random.nextInt(512)] ^= (byte) (1 << random.nextInt(8));
        default -> {
          bytes[block + random.nextInt(345)] = (byte) (random.nextBoolean() ? '7' : '/');
          reseal(bytes, block);
        }
      }
    }
    return bytes;
  }

  private static void reseal(byte[] bytes, int block) {
    Arrays.fill(bytes, block + 148, block + 156, (byte) ' ');
    int sum = 0;
    for (int i = block; i < block + 512; i++) {
      sum += bytes[i] & 0xff;
    }
    byte[] digits = "%06o\0 ".formatted(sum).getBytes(UTF_8);
    System.arraycopy(digits, 0, bytes, block + 148, 8);
  }
}
