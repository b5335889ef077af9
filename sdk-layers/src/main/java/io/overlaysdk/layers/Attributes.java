package io.overlaysdk.layers;

import io.overlaysdk.spi.Dialect;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Which extended attributes belong to a driver, and which to the user. */
final class Attributes {
  static final String USER_FUSE = "user.fuseoverlayfs.";
  static final String USER_OVERLAY = "user.overlay.";
  static final String TRUSTED_OVERLAY = "trusted.overlay.";
  static final String SECURITY_FUSE = "security.fuseoverlayfs.";
  static final String USER_OVERRIDE = "user.containers.override_";

  /** A kernel overlay in which one keeps an overlay stores the inner attributes with this again. */
  private static final String NESTED = "overlay.";

  /** The host's own label on whatever is written to its disks. */
  private static final Set<String> HOST =
      Set.of("security.selinux", "security.ima", "security.evm", "security.SMACK64");

  private static final List<String> FUSE =
      List.of(USER_FUSE, USER_OVERLAY, TRUSTED_OVERLAY, SECURITY_FUSE, USER_OVERRIDE);

  private Attributes() {}

  /** The prefixes under which a driver keeps its markers; null stands for any driver. */
  static List<String> markers(@Nullable Dialect dialect) {
    if (dialect == null) {
      return List.of(USER_FUSE, USER_OVERLAY, TRUSTED_OVERLAY);
    }
    return switch (dialect) {
      case NEUTRAL, KERNEL_PLAIN -> List.of();
      case KERNEL_TRUSTED -> List.of(TRUSTED_OVERLAY);
      case KERNEL_USERXATTR -> List.of(USER_OVERLAY);
      case FUSE -> List.of(USER_FUSE, USER_OVERLAY, TRUSTED_OVERLAY);
    };
  }

  /** The attributes of the user among {@code all}, by the names that the user gave them. */
  static SortedMap<String, byte[]> ofUser(
      SortedMap<String, byte[]> all, @Nullable Dialect dialect) {
    if (all.isEmpty()) {
      return all;
    }
    SortedMap<String, byte[]> kept = new TreeMap<>();
    all.forEach(
        (name, value) -> {
          String own = ofUser(name, dialect);
          if (own != null) {
            kept.put(own, value);
          }
        });
    return kept;
  }

  private static @Nullable String ofUser(String name, @Nullable Dialect dialect) {
    if (HOST.contains(name)) {
      return null;
    }
    for (String prefix : dialect == null || dialect == Dialect.FUSE ? FUSE : markers(dialect)) {
      if (name.startsWith(prefix)) {
        String rest = name.substring(prefix.length());
        boolean nested = prefix.endsWith(NESTED) && rest.startsWith(NESTED);
        return nested ? prefix + rest.substring(NESTED.length()) : null;
      }
    }
    return name;
  }
}
