package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.overlaysdk.Access;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.engine.LayerSource.Format;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class LayerSourceTest {
  private static ImageFacts.Part part(ImageFacts.Role role, ImageFacts.Format format, long offset) {
    return new ImageFacts.Part(role, format, offset, 4096, "amd64");
  }

  private static ImageFacts sif(ImageFacts.Part... parts) {
    return new ImageFacts(ImageFacts.Kind.SIF, "/i.sif", List.of(parts), 0);
  }

  private static OverlayFacts overlay(OverlayFacts.Kind kind, String path) {
    return new OverlayFacts(kind, Path.of(path), Access.READ_ONLY);
  }

  @Test
  void liesBottomToTop() {
    ImageFacts image =
        sif(
            part(ImageFacts.Role.ROOT, ImageFacts.Format.SQUASHFS, 100),
            part(ImageFacts.Role.OVERLAY, ImageFacts.Format.EXT3, 200));
    assertEquals(
        List.of(
            new LayerSource(Path.of("/i.sif"), Format.SQUASHFS, 100, true, false),
            new LayerSource(Path.of("/i.sif"), Format.EXT3, 200, false, true),
            new LayerSource(Path.of("/s"), Format.SQUASHFS, 0, false, false),
            new LayerSource(Path.of("/l"), Format.DIRECTORY, 0, false, false),
            new LayerSource(Path.of("/e"), Format.EXT3, 0, false, true),
            new LayerSource(Path.of("/d"), Format.DIRECTORY, 0, false, true)),
        LayerSource.of(
            image,
            List.of(
                overlay(OverlayFacts.Kind.SQUASHFS, "/s"),
                overlay(OverlayFacts.Kind.LAYER, "/l"),
                overlay(OverlayFacts.Kind.EXT3, "/e"),
                overlay(OverlayFacts.Kind.DIRECTORY, "/d"))));
  }

  @Test
  void refusesWhatCannotBeRead() {
    ImageFacts remote = new ImageFacts(ImageFacts.Kind.REMOTE, "docker://debian", List.of(), -1);
    assertThrows(UnsupportedException.class, () -> LayerSource.of(remote, List.of()));
    ImageFacts encrypted = sif(part(ImageFacts.Role.ROOT, ImageFacts.Format.ENCRYPTED, 0));
    assertThrows(UnsupportedException.class, () -> LayerSource.of(encrypted, List.of()));
  }
}
