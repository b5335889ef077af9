package io.overlaysdk.spi;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * Who runs the session.
 *
 * @param uid the user id
 * @param gid the id of the user's own group
 * @param user the user's name
 * @param home the home directory
 * @param capable whether root has every capability of the kernel; false for a plain user and for
 *     root on a machine that withholds some
 * @param subordinate the ids that the user may map besides the own, from {@code /etc/subuid} and
 *     {@code /etc/subgid}
 */
public record Identity(
    int uid, int gid, String user, Path home, boolean capable, Optional<IdRanges> subordinate) {
  public Identity {
    Objects.requireNonNull(user, "user");
    Objects.requireNonNull(home, "home");
    Objects.requireNonNull(subordinate, "subordinate");
  }

  public boolean isRoot() {
    return uid == 0;
  }

  /**
   * The ids that belong to a user.
   *
   * @param firstUid the first user id
   * @param uids how many there are
   * @param firstGid the first group id
   * @param gids how many there are
   */
  public record IdRanges(long firstUid, long uids, long firstGid, long gids) {}
}
