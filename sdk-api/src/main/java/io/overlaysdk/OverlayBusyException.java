package io.overlaysdk;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Somebody else uses the overlay in a way that excludes this one: one writes to it, or any number
 * read it.
 */
public final class OverlayBusyException extends OverlayException {
  private static final long serialVersionUID = 1;

  private final transient Path overlay;
  private final String holder;
  private final transient Optional<OverlayHolder> details;

  /**
   * @param overlay what was to be used
   * @param holder who holds it, in words
   */
  public OverlayBusyException(Path overlay, String holder) {
    this(overlay, holder, Optional.empty());
  }

  /**
   * @param overlay what was to be used
   * @param holder who holds it
   */
  public OverlayBusyException(Path overlay, OverlayHolder holder) {
    this(overlay, holder.toString(), Optional.of(holder));
  }

  /**
   * @param overlay what was to be used
   * @param holder who holds it, in words
   * @param details the same as facts, where there are any
   */
  public OverlayBusyException(Path overlay, String holder, Optional<OverlayHolder> details) {
    super(
        "the overlay "
            + overlay
            + " is in use by "
            + holder
            + "; wait until it is released, or use another overlay");
    this.overlay = overlay;
    this.holder = holder;
    this.details = details;
  }

  /** What was to be used. */
  public Path overlay() {
    return overlay;
  }

  /** Who holds it, as far as that is known, in words. */
  public String holder() {
    return holder;
  }

  /** Who holds it; empty where nothing tells, as of a process on another host that reads it. */
  public Optional<OverlayHolder> details() {
    return details;
  }
}
