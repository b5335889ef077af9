package io.overlaysdk;

import java.nio.file.Path;

/** Somebody else writes to the overlay, so that it cannot be used now. */
public final class OverlayBusyException extends OverlayException {
  private static final long serialVersionUID = 1;

  private final transient Path overlay;
  private final String holder;

  /**
   * @param overlay what was to be used
   * @param holder who holds it, as far as that is known
   */
  public OverlayBusyException(Path overlay, String holder) {
    super(
        "the overlay "
            + overlay
            + " is in use by "
            + holder
            + "; wait until it is released, or use another overlay");
    this.overlay = overlay;
    this.holder = holder;
  }

  /** What was to be used. */
  public Path overlay() {
    return overlay;
  }

  /** Who holds it, as far as that is known. */
  public String holder() {
    return holder;
  }
}
