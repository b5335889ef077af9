package io.overlaysdk.engine;

import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What is known of images and overlays: what is on disk, and what earlier steps will have made. */
final class Facts {
  private final ImageReader images = new ImageReader();
  private final OverlayReader overlays = new OverlayReader();
  private final Map<Path, ImageFacts> comingImages = new HashMap<>();
  private final Map<Path, OverlayFacts.Kind> comingOverlays = new HashMap<>();

  /** From now on this image is taken as built. Only when plans are explained. */
  void willBuild(Path image) {
    Path at = image.toAbsolutePath().normalize();
    comingImages.put(at, new ImageFacts(ImageFacts.Kind.PENDING, at.toString(), List.of(), -1));
  }

  /** From now on this overlay is taken as made. Only when plans are explained. */
  void willCreate(Path overlay, OverlayFacts.Kind kind) {
    comingOverlays.put(overlay.toAbsolutePath().normalize(), kind);
  }

  ImageFacts of(Image image) {
    return coming(image.path(), comingImages).orElseGet(() -> images.read(image));
  }

  OverlayFacts of(Overlay overlay) {
    return coming(overlay.path(), comingOverlays)
        .map(kind -> new OverlayFacts(kind, absolute(overlay), overlay.access()))
        .orElseGet(() -> overlays.read(overlay));
  }

  private static Path absolute(Overlay overlay) {
    return overlay.path().orElseThrow().toAbsolutePath().normalize();
  }

  private static <T> Optional<T> coming(Optional<Path> path, Map<Path, T> coming) {
    return path.map(p -> coming.get(p.toAbsolutePath().normalize()));
  }
}
