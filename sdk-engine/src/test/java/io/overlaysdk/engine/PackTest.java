package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackTest {
  @TempDir private Path directory;
  private Path file;

  @BeforeEach
  void makeOne() throws IOException {
    file = Files.write(directory.resolve("a.pack"), SifBytes.squashfs());
    Pack.complete(file);
  }

  private static void check(Path file) {
    Pack.check(Found.at(file, Subject.PACK));
  }

  @Test
  void endsWithItsDigest() throws IOException {
    check(file);
    byte[] bytes = Files.readAllBytes(file);
    int length = SifBytes.squashfs().length;
    String line = new String(bytes, length, bytes.length - length, US_ASCII);
    Path content = Files.write(directory.resolve("content"), SifBytes.squashfs());
    assertEquals("overlay-sdk pack 1 " + Digests.sha256(content) + "\n", line);
  }

  @Test
  void findsEveryByteThatIsAnother() throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    for (int at = 0; at < bytes.length; at += at < bytes.length - 90 ? 97 : 1) {
      byte[] other = bytes.clone();
      other[at] ^= 1;
      Files.write(file, other);
      assertThrows(OverlayException.class, () -> check(file), "byte " + at);
    }
  }

  @Test
  void isNoneWhereItIsCutOffOrLonger() throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    for (int length : new int[] {0, 1, 83, 84, 85, 4096, bytes.length - 1, bytes.length + 1}) {
      Files.write(file, Arrays.copyOf(bytes, length));
      assertThrows(InvalidSpecException.class, () -> check(file), length + " bytes");
    }
    assertThrows(InvalidSpecException.class, () -> check(directory));
    assertThrows(InvalidSpecException.class, () -> check(directory.resolve("missing")));
  }

  @Test
  void mustBeASquashfsBesides() throws IOException {
    Path text = Files.writeString(directory.resolve("text"), "no squashfs".repeat(100));
    Pack.complete(text);
    assertThrows(CorruptOverlayException.class, () -> check(text));
  }

  @Test
  void isNoOverlay() {
    InvalidSpecException refused =
        assertThrows(
            InvalidSpecException.class,
            () -> new OverlayReader().read(Overlay.at(file).readOnly()));
    assertTrue(refused.getMessage().endsWith("overlay unpack"), refused::getMessage);
  }
}
