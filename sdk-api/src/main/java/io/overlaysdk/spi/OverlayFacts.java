package io.overlaysdk.spi;

import io.overlaysdk.Access;
import java.nio.file.Path;
import java.util.Objects;

/**
 * What the engine found when it read an overlay. An ephemeral overlay has been made in the scratch
 * directory by then, and looks like any other.
 *
 * @param kind what it is
 * @param path the absolute path, links resolved
 * @param access how the session uses it
 */
public record OverlayFacts(Kind kind, Path path, Access access) {

  /** What an overlay is. */
  public enum Kind {
    /** A directory with {@code upper} and {@code work}. */
    DIRECTORY,
    /** A directory without {@code upper}, which is a layer itself; can only be read. */
    LAYER,
    /** An ext3 image with {@code upper} and {@code work} in it. */
    EXT3,
    /** A squashfs image whose root is the layer; can only be read. */
    SQUASHFS
  }

  public OverlayFacts {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(access, "access");
  }

  public boolean isWritable() {
    return access == Access.READ_WRITE;
  }
}
