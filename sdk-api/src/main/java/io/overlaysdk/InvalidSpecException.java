package io.overlaysdk;

/**
 * What was asked for is malformed, contradicts itself, or names something that is not there. Thrown
 * before anything starts.
 */
public final class InvalidSpecException extends OverlayException {
  private static final long serialVersionUID = 1;

  public InvalidSpecException(String message) {
    super(message);
  }

  public InvalidSpecException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
