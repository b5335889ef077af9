package io.overlaysdk.backend.support.rootfs;

import io.overlaysdk.spi.Identity;
import java.util.List;
import java.util.Optional;

/**
 * The layers of a session, ready to be merged. All names are relative to the directory in which the
 * program that merges is started, or absolute; they hold letters, digits, dots, hyphens,
 * underscores and slashes only.
 *
 * @param lowers the layers that are only read, the topmost first; never empty
 * @param upper the layer on top that is written to, where there is one
 * @param owner whom all files are to belong to; empty where they belong to whom the layers say
 */
public record Stack(List<String> lowers, Optional<Upper> upper, Optional<Identity> owner) {
  /** Where the merged root is to be. */
  public static final String MERGED = "merged";

  public Stack {
    lowers = List.copyOf(lowers);
  }

  /**
   * A layer that is written to.
   *
   * @param changes the directory that takes the changes
   * @param work the directory that the driver works in, on the same mount
   */
  public record Upper(String changes, String work) {}
}
