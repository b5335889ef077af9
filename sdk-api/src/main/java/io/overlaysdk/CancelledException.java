package io.overlaysdk;

/**
 * The calling thread was interrupted while it waited for a command. The command and its children
 * are ended, and the thread's interrupt flag is set.
 */
public final class CancelledException extends OverlayException {
  private static final long serialVersionUID = 1;

  public CancelledException(String message, InterruptedException cause) {
    super(message, cause);
  }
}
