package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.overlaysdk.Access;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.OverlayFacts.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OverlapsTest {
  @TempDir Path given;
  private Path dir;
  private ImageFacts host;

  @BeforeEach
  void resolveLinks() throws IOException {
    dir = given.toRealPath();
    host = new ImageFacts(ImageFacts.Kind.HOST, "/", List.of(), -1);
  }

  @Test
  void acceptsLayersThatLieApart() throws IOException {
    ImageFacts image = sandbox(directory("base"));
    OverlayFacts one = overlay(Kind.DIRECTORY, directory("one"));
    OverlayFacts two = overlay(Kind.LAYER, directory("one-more"));

    assertDoesNotThrow(() -> Overlaps.check(image, List.of(one, two)));
    assertDoesNotThrow(() -> Overlaps.check(host, List.of(one, two)));
  }

  @Test
  void refusesTheSameOverlayTwice() throws IOException {
    OverlayFacts one = overlay(Kind.LAYER, directory("one"));

    assertRefused(
        host,
        List.of(one, one),
        "the overlay " + one.path() + " is given twice; give it once, or a copy of it");
  }

  @Test
  void refusesTheSameFileUnderTwoNames() throws IOException {
    Path file = Files.createFile(dir.resolve("one"));
    Path link = Files.createLink(dir.resolve("two"), file);

    assertRefused(
        host,
        List.of(overlay(Kind.EXT3, file), overlay(Kind.EXT3, link)),
        "the overlay "
            + file
            + " is given twice, also as "
            + link
            + "; give it once, or a copy of it");
  }

  @Test
  void refusesTheImageAsItsOwnOverlay() throws IOException {
    Path base = directory("base");

    assertRefused(
        sandbox(base),
        List.of(overlay(Kind.LAYER, base)),
        "the overlay "
            + base
            + " is the image itself, which is never written to; give an overlay of its own");
  }

  @Test
  void refusesAnOverlayInTheImage() throws IOException {
    Path base = directory("base");
    Path overlay = directory("base/overlay");

    assertRefused(
        sandbox(base),
        List.of(overlay(Kind.DIRECTORY, overlay)),
        "the overlay "
            + overlay
            + " lies in the image "
            + base
            + "; put the one outside of the other");
  }

  @Test
  void refusesAnImageInWhatTheOverlayHolds() throws IOException {
    Path overlay = directory("overlay");
    directory("overlay/upper");
    Path base = directory("overlay/upper/base");
    String expected =
        "the image "
            + base
            + " lies in the overlay "
            + overlay
            + "; put the one outside of the other";

    assertRefused(sandbox(base), List.of(overlay(Kind.DIRECTORY, overlay)), expected);
    assertRefused(sandbox(base), List.of(overlay(Kind.LAYER, overlay)), expected);
  }

  @Test
  void acceptsAnImageBesideUpperAndWork() throws IOException {
    Path overlay = directory("overlay");
    Path base = directory("overlay/base");

    assertDoesNotThrow(
        () -> Overlaps.check(sandbox(base), List.of(overlay(Kind.DIRECTORY, overlay))));
  }

  @Test
  void refusesAnOverlayInAnother() throws IOException {
    Path outer = directory("outer");
    Path inner = directory("outer/inner");

    assertRefused(
        host,
        List.of(overlay(Kind.LAYER, outer), overlay(Kind.DIRECTORY, inner)),
        "the overlay "
            + inner
            + " lies in the overlay "
            + outer
            + "; put the one outside of the other");
  }

  private Path directory(String name) throws IOException {
    return Files.createDirectory(dir.resolve(name));
  }

  private static ImageFacts sandbox(Path path) {
    return new ImageFacts(ImageFacts.Kind.DIRECTORY, path.toString(), List.of(), 0);
  }

  private static OverlayFacts overlay(Kind kind, Path path) {
    return new OverlayFacts(kind, path, Access.READ_ONLY);
  }

  private static void assertRefused(
      ImageFacts image, List<OverlayFacts> overlays, String expected) {
    assertEquals(
        expected,
        assertThrows(InvalidSpecException.class, () -> Overlaps.check(image, overlays))
            .getMessage());
  }
}
