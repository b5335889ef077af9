package io.overlaysdk.engine;

import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a layer comes from: a directory, or a file system in a file that is mounted first.
 *
 * @param file the directory or file, absolute
 * @param format how it is made readable
 * @param offset where the file system starts in the file
 * @param base whether it is the root of an image
 * @param inUpper whether the layer is {@code upper} in it, and not its root
 * @param joined whether it is one layer with the one right below it
 * @param neutral whether it is known to hold no driver's marks: a squashfs that was frozen, whose
 *     owners make it look like root's
 */
record LayerSource(
    Path file,
    Format format,
    long offset,
    boolean base,
    boolean inUpper,
    boolean joined,
    boolean neutral) {
  LayerSource(Path file, Format format, long offset, boolean base, boolean inUpper) {
    this(file, format, offset, base, inUpper, false, false);
  }

  enum Format {
    DIRECTORY,
    SQUASHFS,
    EXT3
  }

  /**
   * The layers of a session, bottom to top.
   *
   * @throws UnsupportedException where the image cannot be read without its tool
   */
  static List<LayerSource> of(ImageFacts image, List<OverlayFacts> overlays) {
    List<LayerSource> sources = new ArrayList<>(of(image));
    overlays.forEach(overlay -> sources.add(of(overlay)));
    return List.copyOf(sources);
  }

  /**
   * The same, with the topmost overlay and those that it was frozen into before seen as one layer.
   */
  static List<LayerSource> joined(ImageFacts image, List<OverlayFacts> overlays) {
    int frozen = overlays.isEmpty() ? 0 : Line.below(overlays.get(overlays.size() - 1)).size();
    return joined(of(image, overlays), frozen);
  }

  /** Of some overlays that lie on one another the layer that they are together. */
  static List<LayerSource> one(List<OverlayFacts> overlays) {
    return joined(overlays.stream().map(LayerSource::of).toList(), overlays.size() - 1);
  }

  private static List<LayerSource> joined(List<LayerSource> layers, int count) {
    List<LayerSource> sources = new ArrayList<>(layers);
    for (int i = sources.size() - count; i < sources.size(); i++) {
      sources.set(i, sources.get(i).overNext());
    }
    return List.copyOf(sources);
  }

  private LayerSource overNext() {
    return new LayerSource(file, format, offset, base, inUpper, true, neutral);
  }

  private static List<LayerSource> of(ImageFacts image) {
    return switch (image.kind()) {
      case DIRECTORY, HOST ->
          List.of(new LayerSource(image.path(), Format.DIRECTORY, 0, true, false));
      case SIF, SQUASHFS, EXT3 -> {
        List<LayerSource> parts = new ArrayList<>();
        ImageFacts.Part root = image.root().orElseThrow();
        parts.add(new LayerSource(image.path(), format(image, root), root.offset(), true, false));
        for (ImageFacts.Part part : image.overlays()) {
          Format format = format(image, part);
          boolean inUpper = format == Format.EXT3;
          parts.add(new LayerSource(image.path(), format, part.offset(), false, inUpper));
        }
        yield parts;
      }
      default ->
          throw new UnsupportedException(
              "the files of "
                  + image.location()
                  + " cannot be read from here; name an image that is a file or a directory");
    };
  }

  private static Format format(ImageFacts image, ImageFacts.Part part) {
    return switch (part.format()) {
      case SQUASHFS -> Format.SQUASHFS;
      case EXT3 -> Format.EXT3;
      case ENCRYPTED ->
          throw new UnsupportedException(
              "the image "
                  + image.location()
                  + " is encrypted, so that nothing can be compared with it");
    };
  }

  /** The same files, of which none is a mark. */
  LayerSource asBase() {
    return new LayerSource(file, format, offset, true, inUpper);
  }

  static LayerSource of(OverlayFacts overlay) {
    Format format =
        switch (overlay.kind()) {
          case DIRECTORY, LAYER -> Format.DIRECTORY;
          case EXT3 -> Format.EXT3;
          case SQUASHFS -> Format.SQUASHFS;
        };
    boolean inUpper =
        overlay.kind() == OverlayFacts.Kind.DIRECTORY || overlay.kind() == OverlayFacts.Kind.EXT3;
    return new LayerSource(overlay.path(), format, 0, false, inUpper, false, isFrozen(overlay));
  }

  private static boolean isFrozen(OverlayFacts overlay) {
    return overlay.kind() == OverlayFacts.Kind.SQUASHFS
        && ManifestFile.of(overlay)
            .flatMap(ManifestFile::read)
            .filter(manifest -> manifest.dialects().isEmpty())
            .isPresent();
  }
}
