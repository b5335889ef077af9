package io.overlaysdk;

import java.util.Objects;

/**
 * What every error of this SDK is. The message says what was asked, what was found and what to do;
 * subclasses carry the facts. Where one of them is thrown nothing was lost: what had been started
 * is ended, and what had been made is gone again.
 *
 * <p>Serialized, each becomes an {@code OverlayException} with the same message, cause and stack
 * trace: the facts of a subclass stay in the process that found them.
 */
public class OverlayException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public OverlayException(String message) {
    super(message);
  }

  public OverlayException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** Facts such as paths and results cannot be written; without this they would be read as null. */
  protected final Object writeReplace() {
    if (getClass() == OverlayException.class) {
      return this;
    }
    OverlayException plain = new OverlayException(Objects.toString(getMessage(), ""), getCause());
    plain.setStackTrace(getStackTrace());
    for (Throwable suppressed : getSuppressed()) {
      plain.addSuppressed(suppressed);
    }
    return plain;
  }
}
