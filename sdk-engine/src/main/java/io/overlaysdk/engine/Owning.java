package io.overlaysdk.engine;

import io.overlaysdk.layers.Owners;
import io.overlaysdk.layers.oci.OwnerMap;
import io.overlaysdk.spi.Identity;
import java.util.List;

/** What the owners of files are in the container, as seen by the process that does the work. */
enum Owning {
  /** The same: root's overlays, and those of a plain user's fakeroot seen in its namespace. */
  AS_SEEN,
  /** All is the plain user's own: there is nobody else in the container. */
  ONE_USER,
  /** With fakeroot, but seen from outside of the namespace. */
  SUBORDINATE;

  /** That of a session, for a process outside of its user namespace. */
  static Owning of(boolean fakeroot, Identity identity) {
    if (identity.isRoot()) {
      return AS_SEEN;
    }
    return fakeroot && identity.subordinate().isPresent() ? SUBORDINATE : ONE_USER;
  }

  /**
   * For comparing.
   *
   * @param inImage whether they are those that an image file holds, which are the container's
   */
  Owners owners(Identity identity, boolean inImage) {
    return switch (this) {
      case AS_SEEN -> Owners.asOnHost();
      case ONE_USER -> Owners.oneUser();
      case SUBORDINATE -> {
        if (inImage) {
          yield Owners.asOnHost();
        }
        Identity.IdRanges ids = identity.subordinate().orElseThrow();
        yield Owners.mapped(
            List.of(
                new Owners.Range(0, identity.uid(), 1),
                new Owners.Range(1, ids.firstUid(), ids.uids())),
            List.of(
                new Owners.Range(0, identity.gid(), 1),
                new Owners.Range(1, ids.firstGid(), ids.gids())));
      }
    };
  }

  /** For layers that are written or read. */
  OwnerMap map(Identity identity) {
    return switch (this) {
      case AS_SEEN -> OwnerMap.identity();
      case ONE_USER -> OwnerMap.rootIs(identity.uid(), identity.gid());
      case SUBORDINATE ->
          OwnerMap.subordinate(
              identity.uid(), identity.gid(), identity.subordinate().orElseThrow());
    };
  }
}
