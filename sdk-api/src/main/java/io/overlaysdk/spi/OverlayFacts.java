package io.overlaysdk.spi;

import io.overlaysdk.Access;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;

/**
 * What the engine found when it read an overlay. An ephemeral overlay has been made in the scratch
 * directory by then, and looks like any other.
 *
 * @param kind what it is
 * @param path the absolute path, links resolved
 * @param access how the session uses it
 * @param dialects in which the drivers that wrote it have marked what it hides; empty where it is
 *     in neutral form
 */
public record OverlayFacts(Kind kind, Path path, Access access, Set<Dialect> dialects) {

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
    dialects = Set.copyOf(dialects);
  }

  /** One that is in neutral form. */
  public OverlayFacts(Kind kind, Path path, Access access) {
    this(kind, path, access, Set.of());
  }

  /** The same overlay with other dialects in it. */
  public OverlayFacts in(Set<Dialect> others) {
    return new OverlayFacts(kind, path, access, others);
  }

  public boolean isWritable() {
    return access == Access.READ_WRITE;
  }
}
