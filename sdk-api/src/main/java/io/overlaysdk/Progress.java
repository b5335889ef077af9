package io.overlaysdk;

import java.util.Objects;
import java.util.OptionalLong;

/**
 * How far work is that can take long.
 *
 * @param work what is done, such as {@code export to layer.tar}
 * @param bytes how much has been done; 0 where it cannot be counted
 * @param total how much there is to do, where that is known
 * @param done whether it has ended, well or not
 */
public record Progress(String work, long bytes, OptionalLong total, boolean done) {
  /** None may be null. */
  public Progress {
    Objects.requireNonNull(work, "work");
    Objects.requireNonNull(total, "total");
  }
}
