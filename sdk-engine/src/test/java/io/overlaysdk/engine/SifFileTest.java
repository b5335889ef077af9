package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.Image;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.ImageFacts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written is read by the one that reads every SIF. */
class SifFileTest {
  private static final String DIGEST = "00112233445566778899aabbccddeeff0011223344556677";

  @TempDir private Path temp;
  private Path layer;

  @BeforeEach
  void makeALayer() throws IOException {
    layer = Files.write(temp.resolve("layer"), SifBytes.squashfs());
  }

  private Path sif(SifBytes bytes) throws IOException {
    return Files.write(temp.resolve("some.sif"), bytes.bytes());
  }

  private static ImageFacts read(Path sif) {
    return new ImageReader().read(Image.at(sif));
  }

  @Test
  void appendsALayerAboveTheOthersAndLeavesTheSignatureOut() throws IOException {
    SifBytes bytes =
        new SifBytes()
            .object(SifFile.SIGNATURE, new byte[] {1})
            .partition(1, 2, "02", SifBytes.squashfs())
            .partition(1, 4, "02", SifBytes.squashfs());
    Path file = sif(bytes);
    long at;
    try (SifFile sif = SifFile.open(file)) {
      assertTrue(sif.isSigned());
      sif.removeSignatures();
      at = sif.addLayer(layer, "amd64", "overlay");
      sif.identify(DIGEST);
      sif.finish();
    }
    ImageFacts facts = read(file);
    assertEquals(2, facts.overlays().size());
    assertEquals(at, facts.overlays().get(1).offset());
    assertEquals(0, at % 4096);
    byte[] all = Files.readAllBytes(file);
    assertArrayEquals(
        Files.readAllBytes(layer), Arrays.copyOfRange(all, (int) at, (int) at + 4096));
    try (SifFile sif = SifFile.read(file)) {
      assertFalse(sif.isSigned());
    }
  }

  @Test
  void refusesALayerThatTheTableHasNoRoomFor() throws IOException {
    SifBytes bytes = SifBytes.valid().object(0x4001, new byte[1]).object(0x4001, new byte[1]);
    try (SifFile sif = SifFile.open(sif(bytes))) {
      assertThrows(UnsupportedException.class, () -> sif.addLayer(layer, "amd64", "overlay"));
    }
  }

  @Test
  void refusesObjectsThatLieInOneAnother() throws IOException {
    SifBytes bytes = SifBytes.valid().object(0x4003, new byte[1]).object(0x4003, new byte[1]);
    byte[] image = bytes.bytes();
    ByteBuffer table = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    for (int index : new int[] {2, 3}) {
      int at = SifBytes.TABLE + index * SifBytes.DESCRIPTOR;
      table.putLong(at + 17, SifHeader.SIZE).putLong(at + 25, image.length - SifHeader.SIZE);
    }
    Path file = Files.write(temp.resolve("bomb.sif"), image);
    read(file);
    try (SifFile base = SifFile.read(file);
        SifFile sif = SifFile.create(layer, "amd64", 12)) {
      assertThrows(CorruptOverlayException.class, () -> sif.addLasting(base, true));
    }
  }

  @Test
  void putsARootAndWhatTheOldOneSaidOfItselfTogether() throws IOException {
    byte[] root = new byte[(int) SifFile.PARTITION_START + 4096];
    System.arraycopy(SifBytes.squashfs(), 0, root, (int) SifFile.PARTITION_START, 4096);
    Path file = temp.resolve("new.sif");
    Path again = temp.resolve("again.sif");
    Path old = sif(SifBytes.valid().object(SifFile.SIGNATURE, new byte[1]));
    for (Path target : List.of(file, again)) {
      Files.write(target, root);
      try (SifFile base = SifFile.read(old);
          SifFile sif = SifFile.create(target, "arm64", 12)) {
        sif.addLasting(base, true);
        sif.addRoot(4096, "arm64");
        sif.identify(DIGEST);
        sif.finish();
      }
    }
    ImageFacts.Part part = read(file).root().orElseThrow();
    assertEquals(SifFile.PARTITION_START, part.offset());
    assertEquals("arm64", part.architecture());
    assertEquals(-1, Files.mismatch(file, again));
    try (RawFile raw = RawFile.open(Found.at(file, Subject.IMAGE))) {
      assertEquals(
          List.of(0x4001, 0x4004),
          SifHeader.read(raw).descriptors().stream().map(SifDescriptor::dataType).toList());
    }
  }
}
