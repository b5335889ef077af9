package io.overlaysdk;

/** An image or an overlay is damaged, or is not what its header says. Nothing was written to it. */
public final class CorruptOverlayException extends OverlayException {
  private static final long serialVersionUID = 1;

  public CorruptOverlayException(String message) {
    super(message);
  }

  public CorruptOverlayException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
