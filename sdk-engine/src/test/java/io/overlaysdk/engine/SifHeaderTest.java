package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.ImageFacts.Format;
import io.overlaysdk.spi.ImageFacts.Part;
import io.overlaysdk.spi.ImageFacts.Role;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class SifHeaderTest {
  private static final int ROOT = SifBytes.TABLE + SifBytes.DESCRIPTOR;
  private static final int DATA = SifBytes.TABLE + 4 * SifBytes.DESCRIPTOR;
  private static final int MUTATIONS = 4000;

  @TempDir Path dir;

  @Test
  void givesOverlaysInFileOrderBottomToTop() throws IOException {
    ImageFacts facts =
        read(
            new SifBytes()
                .partition(1, 4, "02", SifBytes.squashfs())
                .partition(1, 2, "02", SifBytes.squashfs())
                .partition(2, 4, "00", SifBytes.ext3())
                .bytes());

    assertEquals(
        List.of(
            new Part(Role.ROOT, Format.SQUASHFS, DATA + 4096, 4096, "amd64"),
            new Part(Role.OVERLAY, Format.SQUASHFS, DATA, 4096, "amd64"),
            new Part(Role.OVERLAY, Format.EXT3, DATA + 8192, 8192, "")),
        facts.parts());
  }

  @Test
  void leavesOutWhatIsNeitherRootNorItsOverlay() throws IOException {
    ImageFacts facts =
        read(
            new SifBytes()
                .partition(1, 2, "02", SifBytes.squashfs())
                .partition(1, 1, "02", SifBytes.squashfs())
                .partition(4, 3, "02", new byte[10])
                .partition(1, 4, "02", SifBytes.squashfs(), 2)
                .bytes());

    assertEquals(List.of(new Part(Role.ROOT, Format.SQUASHFS, DATA, 4096, "amd64")), facts.parts());
  }

  @Test
  void takesEveryOverlayWhereTheRootHasNoGroup() throws IOException {
    ImageFacts facts =
        read(
            new SifBytes()
                .partition(1, 2, "02", SifBytes.squashfs(), 0)
                .partition(1, 4, "02", SifBytes.squashfs(), 2)
                .bytes());

    assertEquals(1, facts.overlays().size());
  }

  @Test
  void goesByTheTableWhereObjectsLieInAnotherOrder() throws IOException {
    byte[] bytes =
        SifBytes.valid()
            .partition(1, 4, "02", SifBytes.squashfs())
            .partition(1, 4, "02", SifBytes.squashfs())
            .bytes();
    int lower = SifBytes.TABLE + 2 * SifBytes.DESCRIPTOR;
    int upper = SifBytes.TABLE + 3 * SifBytes.DESCRIPTOR;
    byte[] swapped = bytes.clone();
    System.arraycopy(bytes, lower, swapped, upper, SifBytes.DESCRIPTOR);
    System.arraycopy(bytes, upper, swapped, lower, SifBytes.DESCRIPTOR);

    assertEquals(
        List.of(DATA + 18 + 2 * 4096L, DATA + 18 + 4096L),
        read(swapped).overlays().stream().map(Part::offset).toList());
  }

  @Test
  void namesTheRepairOfAnOverlayInTheSif() {
    byte[] dirty = SifBytes.with(SifBytes.ext3(), 1024 + 96, 4, 6);
    byte[] bytes = SifBytes.valid().partition(2, 4, "02", dirty).bytes();

    assertContains(
        assertThrows(CorruptOverlayException.class, () -> read(bytes)),
        "apptainer sif dump 3 " + dir.resolve("image") + " > NEW.img, then e2fsck -fp NEW.img");
  }

  @Test
  void leavesOutADeletedOverlay() throws IOException {
    byte[] bytes = SifBytes.valid().partition(1, 4, "02", SifBytes.squashfs()).bytes();

    assertEquals(1, read(bytes).overlays().size());
    int used = SifBytes.TABLE + 2 * SifBytes.DESCRIPTOR + 4;
    assertEquals(0, read(SifBytes.with(bytes, used, 1, 0)).overlays().size());
  }

  @ParameterizedTest
  @CsvSource({
    "01, 386",
    "02, amd64",
    "03, arm",
    "04, arm64",
    "05, ppc64",
    "06, ppc64le",
    "07, mips",
    "08, mipsle",
    "09, mips64",
    "10, mips64le",
    "11, s390x",
    "12, riscv64",
    "00, ''",
    "77, sif-architecture-77"
  })
  void namesTheArchitectureAsGoDoes(String code, String name) throws IOException {
    ImageFacts facts = read(new SifBytes().partition(1, 2, code, SifBytes.squashfs()).bytes());

    assertEquals(name, facts.root().orElseThrow().architecture());
  }

  @ParameterizedTest
  @CsvSource({"5", "6"})
  void takesAnEncryptedRootAsItIs(int fileSystem) throws IOException {
    ImageFacts facts = read(new SifBytes().partition(fileSystem, 2, "02", new byte[4096]).bytes());

    assertEquals(Format.ENCRYPTED, facts.root().orElseThrow().format());
  }

  @Test
  void refusesALaterVersion() {
    byte[] later = SifBytes.with(SifBytes.valid().bytes(), 42, 2, '0' | '2' << 8);

    assertContains(
        assertThrows(UnsupportedException.class, () -> read(later)), "a SIF of version 02");
  }

  @Test
  void refusesAnOciSif() {
    byte[] bytes = new SifBytes().object(0x400A, new byte[10]).bytes();

    assertContains(assertThrows(UnsupportedException.class, () -> read(bytes)), "is an OCI-SIF");
  }

  @Test
  void refusesARawRoot() {
    byte[] bytes = new SifBytes().partition(4, 2, "02", new byte[4096]).bytes();

    assertContains(assertThrows(UnsupportedException.class, () -> read(bytes)), "raw data");
  }

  static Stream<Arguments> lies() {
    long end = SifBytes.valid().bytes().length;
    return Stream.of(
        Arguments.of("version", 42, 2, 0x4141, "version is \"AA\\x00\""),
        Arguments.of("architecture", 45, 1, 0xff, "architecture is \"\\xff2\\x00\""),
        Arguments.of("dfree", 80, 8, -1, "dfree is -1"),
        Arguments.of("dfree", 80, 8, 5, "dfree is 5"),
        Arguments.of("dtotal", 88, 8, -1, "dtotal is -1"),
        Arguments.of("dtotal", 88, 8, 513, "dtotal is 513"),
        Arguments.of("dtotal", 88, 8, Long.MAX_VALUE, "dtotal is 9223372036854775807"),
        Arguments.of("dtotal", 88, 8, 100, "the table has 58500 bytes"),
        Arguments.of("descroff", 96, 8, -1, "descroff is -1"),
        Arguments.of("descroff", 96, 8, 127, "descroff is 127"),
        Arguments.of("descroff", 96, 8, end, "descroff is " + end),
        Arguments.of(
            "descroff", 96, 8, end - 1, "is " + (end - 1) + ", but the table has 2340 bytes"),
        Arguments.of("descroff", 96, 8, Long.MAX_VALUE, "descroff is 9223372036854775807"),
        Arguments.of("descrlen", 104, 8, -1, "descrlen is -1"),
        Arguments.of("descrlen", 104, 8, Long.MAX_VALUE, "descrlen is 9223372036854775807"),
        Arguments.of("dataoff", 112, 8, -1, "dataoff is -1"),
        Arguments.of("dataoff", 112, 8, end + 1, "dataoff is " + (end + 1)),
        Arguments.of("datalen", 120, 8, -1, "datalen is -1"),
        Arguments.of("datalen", 120, 8, end, "datalen is " + end),
        Arguments.of("offset", ROOT + 17, 8, -1, "the offset is -1"),
        Arguments.of("offset", ROOT + 17, 8, 0, "the offset is 0"),
        Arguments.of("offset", ROOT + 17, 8, end + 1, "the offset is " + (end + 1)),
        Arguments.of("offset", ROOT + 17, 8, Long.MIN_VALUE, "the offset is -9223372036854775808"),
        Arguments.of("offset", ROOT + 17, 8, SifBytes.TABLE, "the SIF's own table lies in it"),
        Arguments.of("offset", ROOT + 17, 8, DATA, "it must be a squashfs"),
        Arguments.of("size", ROOT + 25, 8, -1, "the size is -1"),
        Arguments.of("size", ROOT + 25, 8, 4097, "the size is 4097"),
        Arguments.of("size", ROOT + 25, 8, Long.MAX_VALUE, "the size is 9223372036854775807"),
        Arguments.of("size", ROOT + 25, 8, 95, "95 bytes long"),
        Arguments.of("padded", ROOT + 33, 8, -1, "the size with padding is -1"),
        Arguments.of("file system", ROOT + 201, 4, 0, "the file system type is 0"),
        Arguments.of("file system", ROOT + 201, 4, 7, "the file system type is 7"),
        Arguments.of("file system", ROOT + 201, 4, 2, "it must be an ext3 file system"),
        Arguments.of("purpose", ROOT + 205, 4, 0, "the partition type is 0"),
        Arguments.of("purpose", ROOT + 205, 4, -1, "the partition type is -1"),
        Arguments.of("purpose", ROOT + 205, 4, 3, "primary system partitions in the SIF is 0"),
        Arguments.of("architecture", ROOT + 209, 3, 0, "architecture is \"\\x00\\x00\\x00\""),
        Arguments.of("kind", ROOT, 4, 0x4001, "primary system partitions in the SIF is 0"),
        Arguments.of("used", ROOT + 4, 1, 0, "primary system partitions in the SIF is 0"),
        Arguments.of("magic", DATA + 18, 4, 0, "object 2 of the SIF"),
        Arguments.of("offset of data", SifBytes.TABLE + 17, 8, end + 1, "object 1 of the SIF"),
        Arguments.of("size of data", SifBytes.TABLE + 25, 8, end, "object 1 of the SIF"));
  }

  @ParameterizedTest(name = "{0} at {1}: {3}")
  @MethodSource("lies")
  void refusesEachFieldThatLies(String field, int at, int size, long value, String expected) {
    byte[] lying = SifBytes.with(SifBytes.valid().bytes(), at, size, value);
    CorruptOverlayException refusal =
        assertThrows(CorruptOverlayException.class, () -> read(lying));

    assertContains(refusal, "the image " + dir.resolve("image") + " is damaged: ");
    assertContains(refusal, expected);
    assertContains(refusal, "; get the image again, or build it anew");
  }

  @Test
  void refusesTwoPrimaryPartitions() {
    byte[] bytes = SifBytes.valid().partition(1, 2, "02", SifBytes.squashfs()).bytes();

    assertContains(
        assertThrows(CorruptOverlayException.class, () -> read(bytes)),
        "primary system partitions in the SIF is 2");
  }

  @Test
  void refusesPartitionsThatLieInOneAnother() {
    byte[] bytes = SifBytes.valid().partition(1, 4, "02", SifBytes.squashfs()).bytes();
    int overlay = SifBytes.TABLE + 2 * SifBytes.DESCRIPTOR;

    assertContains(
        assertThrows(
            CorruptOverlayException.class,
            () -> read(SifBytes.with(bytes, overlay + 17, 8, DATA + 19))),
        "the partition before it ends at byte");
  }

  @Test
  void refusesAnExt4UnderTheNameOfExt3() {
    byte[] bytes = SifBytes.valid().partition(2, 4, "02", SifBytes.ext(0x3c, 0x2c2, 0x46b)).bytes();

    assertContains(
        assertThrows(CorruptOverlayException.class, () -> read(bytes)),
        "is ext4, but its descriptor says ext3");
  }

  @Test
  void refusesAFileThatEndsTooEarlyWhereverItEnds() throws IOException {
    byte[] whole = SifBytes.valid().bytes();

    for (int length = 0; length < whole.length; length++) {
      byte[] truncated = Arrays.copyOf(whole, length);
      try {
        read(truncated);
        fail("read a SIF of " + length + " bytes out of " + whole.length);
      } catch (CorruptOverlayException e) {
        assertTrue(length >= 42, "without its magic it is no SIF: " + length);
      } catch (InvalidSpecException e) {
        assertTrue(length < 42, "with its magic it is a SIF: " + length);
      }
    }
  }

  @Test
  void neverFailsInAnotherWayWhateverTheBytesAre() throws IOException {
    long seed = Long.getLong("overlaysdk.seed", System.nanoTime());
    System.out.println("SifHeaderTest: -Doverlaysdk.seed=" + seed);
    Random random = new Random(seed);
    byte[] whole = SifBytes.valid().partition(2, 4, "02", SifBytes.ext3()).bytes();
    int accepted = 0;
    for (int i = 0; i < MUTATIONS; i++) {
      byte[] mutated = whole.clone();
      for (int change = random.nextInt(4); change >= 0; change--) {
        mutate(mutated, random);
      }
      if (random.nextInt(8) == 0) {
        mutated = Arrays.copyOf(mutated, random.nextInt(mutated.length));
      }
      try {
        check(read(mutated), mutated.length);
        accepted++;
      } catch (OverlayException e) {
        assertTrue(e.getMessage().contains(dir.toString()), e.getMessage());
      }
    }
    assertTrue(accepted > 0 && accepted < MUTATIONS, accepted + " of " + MUTATIONS);
  }

  /** Where numbers are, so that a change hits one of them more often than padding. */
  private static void mutate(byte[] bytes, Random random) {
    int[] starts = {0, SifBytes.TABLE, ROOT, ROOT + SifBytes.DESCRIPTOR, ROOT + 200, DATA + 18};
    int[] lengths = {128, 73, 73, 73, 12, 60};
    int region = random.nextInt(starts.length);
    int at = starts[region] + random.nextInt(lengths[region]);
    if (random.nextBoolean()) {
      bytes[at] = (byte) random.nextInt();
    } else {
      long value = random.nextBoolean() ? random.nextLong() : random.nextInt(1 << 16) - 16L;
      System.arraycopy(SifBytes.with(bytes, at, 8, value), at, bytes, at, 8);
    }
  }

  private static void check(ImageFacts facts, long size) {
    for (Part part : facts.parts()) {
      assertTrue(part.offset() >= 0 && part.size() >= 0, part.toString());
      assertTrue(part.size() <= size - part.offset(), part.toString());
    }
  }

  private ImageFacts read(byte[] content) throws IOException {
    Path image = dir.resolve("image");
    // overwritten in place: ext4 puts a file that was emptied first on the disk when it is closed,
    // and thousands of those take half a minute
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.write(content);
      file.setLength(content.length);
    }
    return new ImageReader().read(Image.at(image));
  }

  private static void assertContains(Exception e, String expected) {
    assertTrue(e.getMessage().contains(expected), e.getMessage());
  }
}
