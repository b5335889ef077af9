package io.overlaysdk;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A state of an overlay that is kept.
 *
 * @param id twelve hexadecimal digits; a beginning that no other one has is as good
 * @param parent the snapshot that it was made on; empty for the first
 * @param taken when
 * @param message what was said of it; may be empty
 * @param overlays those that lie on it now
 */
public record Snapshot(
    String id, Optional<String> parent, Instant taken, String message, List<Path> overlays) {
  /** None may be null. */
  public Snapshot {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(parent, "parent");
    Objects.requireNonNull(taken, "taken");
    Objects.requireNonNull(message, "message");
    overlays = List.copyOf(overlays);
  }
}
