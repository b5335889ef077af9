package io.overlaysdk;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What came of putting an overlay on another image.
 *
 * @param conflicts what both the overlay and the new image have changed, in the order of the paths
 * @param made the overlay for the new image; empty where conflicts stood in the way
 */
public record RebaseReport(List<Conflict> conflicts, Optional<Overlay> made) {
  /** None may be null. */
  public RebaseReport {
    conflicts = List.copyOf(conflicts);
    Objects.requireNonNull(made, "made");
  }

  /**
   * A path that both sides have changed.
   *
   * @param path where the new image differs from the old one
   * @param theirs how it does
   * @param ours what the overlay changes there, above it or in it
   */
  public record Conflict(ContainerPath path, Change.Kind theirs, Change ours) {
    /** None may be null. */
    public Conflict {
      Objects.requireNonNull(path, "path");
      Objects.requireNonNull(theirs, "theirs");
      Objects.requireNonNull(ours, "ours");
    }

    /** For people: {@code /etc/motd: MODIFIED in the image, DELETED /etc/motd in the overlay}. */
    @Override
    public String toString() {
      return path + ": " + theirs + " in the image, " + ours + " in the overlay";
    }
  }
}
