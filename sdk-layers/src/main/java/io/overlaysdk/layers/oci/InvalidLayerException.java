package io.overlaysdk.layers.oci;

import io.overlaysdk.OverlayException;

/**
 * A layer is damaged, asks for more than is allowed, or holds what must not or cannot be unpacked
 * into an overlay. Nothing was touched outside the new overlay, and that is gone again.
 */
public final class InvalidLayerException extends OverlayException {
  private static final long serialVersionUID = 1;

  public InvalidLayerException(String message) {
    super(message);
  }

  public InvalidLayerException(String message, Throwable cause) {
    super(message, cause);
  }
}
