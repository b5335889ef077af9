package io.overlaysdk.engine;

import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What is known of images and overlays: what is on disk, and what earlier steps will have made. */
final class Facts {
  private final ImageReader images = new ImageReader();
  private final OverlayReader overlays = new OverlayReader();
  private final Evidence evidence;
  private final Map<Path, ImageFacts> comingImages = new HashMap<>();
  private final Map<Path, OverlayFacts.Kind> comingOverlays = new HashMap<>();

  /** Finds the dialects in an overlay of which nothing is remembered, by reading it. */
  interface Evidence {
    /**
     * @param fakeroot whether a session with fakeroot is to use it
     */
    Set<Dialect> of(OverlayFacts overlay, boolean fakeroot);
  }

  Facts(Evidence evidence) {
    this.evidence = evidence;
  }

  /** For what reads overlays by what is in them, and does not ask for their dialects. */
  static Facts withoutDialects() {
    return new Facts((overlay, fakeroot) -> Set.of());
  }

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
    return of(overlay, false);
  }

  /**
   * @param fakeroot whether a session with fakeroot is to use it
   */
  OverlayFacts of(Overlay overlay, boolean fakeroot) {
    return coming(overlay.path(), comingOverlays)
        .map(kind -> new OverlayFacts(kind, absolute(overlay), overlay.access()))
        .orElseGet(() -> marked(overlays.read(overlay), fakeroot));
  }

  private OverlayFacts marked(OverlayFacts overlay, boolean fakeroot) {
    return overlay.in(
        ManifestFile.of(overlay)
            .flatMap(ManifestFile::read)
            .map(Manifest::dialects)
            .orElseGet(() -> evidence.of(overlay, fakeroot)));
  }

  private static Path absolute(Overlay overlay) {
    return overlay.path().orElseThrow().toAbsolutePath().normalize();
  }

  private static <T> Optional<T> coming(Optional<Path> path, Map<Path, T> coming) {
    return path.map(p -> coming.get(p.toAbsolutePath().normalize()));
  }
}
