package io.overlaysdk;

import java.nio.file.Path;
import java.util.Objects;

/**
 * What came of looking through the file system of an ext3 overlay.
 *
 * @param overlay the image
 * @param state how it is now
 * @param output what e2fsck said
 */
public record CheckReport(Path overlay, State state, String output) {
  /** None may be null. */
  public CheckReport {
    Objects.requireNonNull(overlay, "overlay");
    Objects.requireNonNull(state, "state");
    Objects.requireNonNull(output, "output");
  }

  /** How a file system is. */
  public enum State {
    /** Nothing is wrong with it. */
    CLEAN,
    /** It was not unmounted, and its journal must be replayed: nothing is lost by that. */
    DIRTY,
    /** It has errors. */
    DAMAGED,
    /** It had errors or was not unmounted, and was repaired. */
    REPAIRED
  }
}
