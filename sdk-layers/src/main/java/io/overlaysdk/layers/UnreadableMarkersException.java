package io.overlaysdk.layers;

import io.overlaysdk.OverlayException;
import java.nio.file.Path;

/**
 * A layer may carry {@code trusted.overlay.*} attributes, which decide what it means, and nobody
 * here can read them.
 */
public final class UnreadableMarkersException extends OverlayException {
  private static final long serialVersionUID = 1;

  private final transient Path layer;
  private final transient Path entry;

  public UnreadableMarkersException(Path layer, Path entry) {
    super(
        "the layer \""
            + layer
            + "\" may have been written by a kernel overlay that root mounted, and whether \""
            + entry
            + "\" hides what is below it then stands in trusted.overlay.* attributes, which only"
            + " root can read. Read it as root, with ExtendedAttributes, or state the dialect that"
            + " it was written in");
    this.layer = layer;
    this.entry = entry;
  }

  /** The root of the layer, on the host. */
  public Path layer() {
    return layer;
  }

  /** The entry that was asked about, on the host. */
  public Path entry() {
    return entry;
  }
}
