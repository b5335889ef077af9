package io.overlaysdk.engine;

import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.OverlayFacts.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Refuses layers that lie in one another: the kernel does not take them, and where a tool does, a
 * session would write into what it reads.
 */
final class Overlaps {
  private Overlaps() {}

  /**
   * @throws InvalidSpecException where an overlay is given twice, is the image, or lies in another
   *     layer
   */
  @SuppressWarnings("ReferenceEquality") // one is compared with all the others
  static void check(ImageFacts image, List<OverlayFacts> overlays) {
    checkOnce(overlays);
    if (isLocal(image)) {
      overlays.forEach(overlay -> checkImage(image, overlay));
    }
    for (OverlayFacts outer : overlays) {
      for (OverlayFacts inner : overlays) {
        if (inner != outer && holds(outer, inner.path())) {
          throw refused("the overlay " + inner.path() + " lies in the overlay " + outer.path());
        }
      }
    }
  }

  private static void checkOnce(List<OverlayFacts> overlays) {
    Map<Object, Path> seen = new HashMap<>();
    for (OverlayFacts overlay : overlays) {
      Path other = seen.putIfAbsent(key(overlay.path()), overlay.path());
      if (other != null) {
        throw new InvalidSpecException(
            "the overlay "
                + other
                + " is given twice"
                + (other.equals(overlay.path()) ? "" : ", also as " + overlay.path())
                + "; give it once, or a copy of it");
      }
    }
  }

  private static boolean isLocal(ImageFacts image) {
    return switch (image.kind()) {
      case SIF, SQUASHFS, EXT3, DIRECTORY -> true;
      case REMOTE, HOST, PENDING -> false;
    };
  }

  private static void checkImage(ImageFacts image, OverlayFacts overlay) {
    if (key(image.path()).equals(key(overlay.path()))) {
      throw new InvalidSpecException(
          "the overlay "
              + overlay.path()
              + " is the image itself, which is never written to; give an overlay of its own");
    }
    if (image.kind() == ImageFacts.Kind.DIRECTORY && overlay.path().startsWith(image.path())) {
      throw refused("the overlay " + overlay.path() + " lies in the image " + image.path());
    }
    if (holds(overlay, image.path())) {
      throw refused("the image " + image.path() + " lies in the overlay " + overlay.path());
    }
  }

  /** Whether {@code path} is part of the layer: what lies beside upper and work is not. */
  private static boolean holds(OverlayFacts overlay, Path path) {
    Path outer = overlay.path();
    if (overlay.kind() == Kind.DIRECTORY) {
      return path.startsWith(outer.resolve("upper")) || path.startsWith(outer.resolve("work"));
    }
    return overlay.kind() == Kind.LAYER && path.startsWith(outer);
  }

  private static Object key(Path path) {
    try {
      Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
      return key == null ? path : key;
    } catch (IOException e) {
      throw new InvalidSpecException(path + " cannot be looked at any more: " + e.getMessage(), e);
    }
  }

  private static InvalidSpecException refused(String found) {
    return new InvalidSpecException(found + "; put the one outside of the other");
  }
}
