package io.overlaysdk;

import java.nio.file.Path;

/** An overlay was made on another base than the one that it is to be used with. */
public final class BaseMismatchException extends OverlayException {
  private static final long serialVersionUID = 1;

  private final transient Path overlay;
  private final String made;
  private final String asked;

  /**
   * @param overlay the overlay
   * @param made where the base lay that the overlay was made on
   * @param asked where the image lies that it is to be used with
   */
  public BaseMismatchException(Path overlay, String made, String asked) {
    super(
        "the overlay "
            + overlay
            + " was made on "
            + made
            + ", and "
            + (made.equals(asked) ? "the image that is there now" : asked)
            + " is another one: files that it hides or replaces may be others there; use its own"
            + " base, or say that another one is meant (allowOtherBase, --other-base)");
    this.overlay = overlay;
    this.made = made;
    this.asked = asked;
  }

  /** The overlay. */
  public Path overlay() {
    return overlay;
  }

  /** Where the base lay that the overlay was made on: a path, or a URI. */
  public String made() {
    return made;
  }

  /** Where the image lies that the overlay was to be used with: a path, or a URI. */
  public String asked() {
    return asked;
  }
}
