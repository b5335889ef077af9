package io.overlaysdk.engine;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * An overlay that was frozen before: on which layer of which store its {@code upper} lies. The
 * layers lie on one another in turn; {@link Frozen} says how. An overlay that nobody has frozen has
 * no line.
 *
 * @param overlay the directory overlay
 * @param id what the store knows it as
 * @param store where the layers are
 * @param below the layer that it was put on; empty where it lies on the image itself
 */
record Line(Path overlay, String id, LayerStore store, Optional<String> below) {
  /** More than any chain has; whoever follows more goes round in a circle. */
  private static final int MOST = 10_000;

  /** The line of an overlay, which begins here where it has none. */
  static Line of(Path overlay) {
    return LineFile.ofOverlay(overlay)
        .orElseGet(
            () ->
                new Line(
                    overlay, LayerStore.newId(), LayerStore.beside(overlay), Optional.empty()));
  }

  Line on(Optional<String> other) {
    return new Line(overlay, id, store, other);
  }

  Line on(String other) {
    return on(Optional.of(other));
  }

  /** What lies below {@code overlay}, bottom to top: each a read-only overlay of its own. */
  static List<Path> below(OverlayFacts overlay) {
    return overlay.kind() == OverlayFacts.Kind.DIRECTORY ? below(overlay.path()) : List.of();
  }

  static List<Path> below(Path overlay) {
    return LineFile.ofOverlay(overlay).map(Line::layers).orElse(List.of());
  }

  /**
   * The layers that count, bottom to top.
   *
   * @throws CorruptOverlayException where one is missing, or is not the owner's
   */
  List<Path> layers() {
    List<Path> layers = new ArrayList<>();
    Optional<String> next = settled();
    while (next.isPresent()) {
      Frozen layer = store.frozen(next.get());
      requireMine(layer);
      if (!layer.isTaken()) {
        throw new CorruptOverlayException(
            "the layer " + layer.directory() + " of the overlay " + overlay + " has no \"upper\"");
      }
      layers.add(layer.directory());
      if (layers.size() > MOST) {
        throw new CorruptOverlayException(
            "the layers of the overlay " + overlay + " lie on one another in a circle");
      }
      next = layer.below();
    }
    Collections.reverse(layers);
    return List.copyOf(layers);
  }

  /**
   * The layer that it lies on now. A snapshot that was cut off before it moved {@code upper} has
   * not been; a rollback has been as soon as it has.
   */
  Optional<String> settled() {
    if (below.isEmpty()) {
      return below;
    }
    Frozen top = store.frozen(below.get());
    if (!top.isTaken()) {
      return top.below();
    }
    return top.back().isPresent() ? top.back() : below;
  }

  /** Whether nothing was cut off in the middle. */
  boolean isSettled() {
    return settled().equals(below) && hasUpper(overlay);
  }

  static boolean hasUpper(Path directory) {
    return Files.isDirectory(directory.resolve("upper"), LinkOption.NOFOLLOW_LINKS);
  }

  /** Whoever may write to the file that names the layers could name what others must not see. */
  private void requireMine(Frozen layer) {
    try {
      Object owner = Files.getAttribute(layer.directory(), "unix:uid", LinkOption.NOFOLLOW_LINKS);
      if (!owner.equals(0) && !owner.equals(Files.getAttribute(overlay, "unix:uid"))) {
        throw new CorruptOverlayException(
            "the layer "
                + layer.directory()
                + " belongs to user "
                + owner
                + ", who is not the owner of the overlay "
                + overlay);
      }
    } catch (IOException e) {
      throw new CorruptOverlayException(
          "the layer "
              + layer.directory()
              + " of the overlay "
              + overlay
              + " cannot be read: "
              + e
              + "; was the overlay moved without the directory "
              + store.directory()
              + "?",
          e);
    }
  }
}
