package io.overlaysdk;

/**
 * A tool cannot express exactly what was asked for. Thrown before anything starts; nothing is ever
 * left out in silence.
 */
public final class UnsupportedException extends OverlayException {
  private static final long serialVersionUID = 1;

  public UnsupportedException(String message) {
    super(message);
  }

  public UnsupportedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
