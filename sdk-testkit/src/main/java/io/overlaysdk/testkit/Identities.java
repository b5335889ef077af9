package io.overlaysdk.testkit;

import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.Identity.IdRanges;
import java.nio.file.Path;
import java.util.Optional;

/** The users that a plan may have to tell apart. */
public final class Identities {
  private Identities() {}

  /** User 1000, who may map 65536 subordinate ids. */
  public static Identity plainUser() {
    return user(Optional.of(new IdRanges(100000, 65536, 100000, 65536)));
  }

  /** User 1000, whom {@code /etc/subuid} does not name. */
  public static Identity userWithoutSubordinateIds() {
    return user(Optional.empty());
  }

  /** Root with every capability. */
  public static Identity root() {
    return root(true);
  }

  /** Root on a machine that withholds a capability, as in many containers. */
  public static Identity rootWithoutAllCapabilities() {
    return root(false);
  }

  private static Identity user(Optional<IdRanges> subordinate) {
    return new Identity(1000, 1000, "ada", Path.of("/home/ada"), false, subordinate);
  }

  private static Identity root(boolean capable) {
    return new Identity(0, 0, "root", Path.of("/root"), capable, Optional.empty());
  }
}
