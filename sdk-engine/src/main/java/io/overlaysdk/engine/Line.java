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
 * An overlay that was frozen before: on which layer of which store its {@code upper}, or the image,
 * lies. The layers lie on one another in turn; {@link Frozen} says how. An overlay that nobody has
 * frozen has no line.
 *
 * @param overlay the directory overlay, or the image
 * @param id what the store knows it as
 * @param store where the layers are
 * @param below the layer that it was put on; empty where it lies on the image itself
 * @param volume which image it is, or will be when it lies there; empty for a directory
 */
record Line(
    Path overlay, String id, LayerStore store, Optional<String> below, Optional<String> volume) {
  /** More than any chain has; whoever follows more goes round in a circle. */
  private static final int MOST = 10_000;

  /** The line of an overlay, which begins here where it has none. */
  static Line of(Path overlay) {
    return LineFile.ofOverlay(overlay)
        .orElseGet(
            () ->
                new Line(
                    overlay,
                    LayerStore.newId(),
                    LayerStore.beside(overlay),
                    Optional.empty(),
                    Optional.of(overlay).filter(Files::isRegularFile).map(ImageTop::volume)));
  }

  Line on(Optional<String> other) {
    return new Line(overlay, id, store, other, volume);
  }

  Line on(String other) {
    return on(Optional.of(other));
  }

  /** The same with another image on the same layer. */
  Line in(String other) {
    return new Line(overlay, id, store, below, Optional.of(other));
  }

  /** What lies below {@code overlay}, bottom to top: each a read-only overlay of its own. */
  static List<Path> below(OverlayFacts overlay) {
    return switch (overlay.kind()) {
      case DIRECTORY, EXT3 -> below(overlay.path());
      case LAYER, SQUASHFS -> List.of();
    };
  }

  static List<Path> below(Path overlay) {
    return LineFile.ofOverlay(overlay).map(Line::layers).orElse(List.of());
  }

  /**
   * The layers that count, bottom to top.
   *
   * @throws CorruptOverlayException where one is missing, or is not the owner's, or where another
   *     image lies at the place of the one that was put on them
   */
  List<Path> layers() {
    return frozen().stream().map(Frozen::overlay).toList();
  }

  /** As {@link #layers}. */
  List<Frozen> frozen() {
    requireItself();
    List<Frozen> layers = new ArrayList<>();
    Optional<String> next = settled().below();
    while (next.isPresent()) {
      Frozen layer = store.frozen(next.get());
      requireMine(layer);
      if (!layer.isTaken() && !layer.isOffered()) {
        throw new CorruptOverlayException(
            "the layer "
                + layer.directory()
                + " of the overlay "
                + overlay
                + " has no \"upper\" and no image");
      }
      layers.add(layer);
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
   * With the layer that it lies on now. A snapshot that was cut off before it moved {@code upper},
   * or put the empty image there, has not been; a rollback has been as soon as it has.
   */
  Line settled() {
    if (below.isEmpty()) {
      return this;
    }
    Frozen top = store.frozen(below.get());
    if (!isTaken(top)) {
      return new Line(
          overlay, id, store, top.below(), volume.map(other -> ImageTop.volume(overlay)));
    }
    return top.back().isPresent() ? on(top.back()) : this;
  }

  /** Whether the layer that it was put on holds what was written before. */
  boolean isTaken(Frozen top) {
    return top.isTaken() || top.isOffered() && isItself();
  }

  private boolean isItself() {
    return volume.equals(Optional.of(ImageTop.volume(overlay)));
  }

  /** Whether nothing was cut off in the middle. */
  boolean isSettled() {
    return settled().equals(this)
        && (volume.isPresent() || Frozen.hasUpper(overlay))
        && below.map(store::frozen).filter(Frozen::isOffered).isEmpty();
  }

  /**
   * @throws CorruptOverlayException where another image lies at the place of this one
   */
  void requireItself() {
    if (isReplaced()) {
      throw new CorruptOverlayException(
          "the image "
              + overlay
              + " is not the one that was put on the layers in "
              + store.directory()
              + "; put that one back, or, to use this one by itself, move "
              + LineFile.beside(overlay)
              + " away",
          null);
    }
  }

  boolean isReplaced() {
    if (volume.isEmpty() || below.isEmpty() || isItself()) {
      return false;
    }
    Frozen top = store.frozen(below.get());
    boolean cutOff =
        !top.isTaken()
            && (!top.isOffered()
                || ImageTop.volume(top.offered()).equals(ImageTop.volume(overlay)));
    return !cutOff;
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
