package io.overlaysdk.layers.oci;

import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.spi.Identity;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Which owner in the container an owner on the host stands for, and the other way round. What is
 * not in the map has no owner on the other side: a layer with such an entry is refused, never owned
 * by someone else.
 *
 * <p>A session of a plain user owns everything on the host as that user: {@link #rootIs}. With
 * {@code --fakeroot} and subordinate ids the others are shifted: {@link #subordinate}.
 */
public final class OwnerMap {
  /** As many as there are ids; the last one means "unchanged" to the kernel. */
  private static final long ALL = (1L << 32) - 1;

  private static final OwnerMap IDENTITY = new OwnerMap(List.of(), List.of(), Optional.empty());

  private record Range(long container, long host, long count) {
    Range {
      if (container < 0 || host < 0 || count < 1 || container + count > ALL || host + count > ALL) {
        throw new InvalidSpecException(
            "no range of owners: "
                + container
                + " in the container, "
                + host
                + " on the host, "
                + count
                + " of them");
      }
    }

    boolean overlaps(Range other) {
      return container < other.container + other.count && other.container < container + count
          || host < other.host + other.count && other.host < host + count;
    }
  }

  private record Owner(long uid, long gid) {}

  private final List<Range> users;
  private final List<Range> groups;
  private final Optional<Owner> everyone;

  private OwnerMap(List<Range> users, List<Range> groups, Optional<Owner> everyone) {
    this.users = users;
    this.groups = groups;
    this.everyone = everyone;
  }

  /** The owners are the same on both sides: root's own overlays. */
  public static OwnerMap identity() {
    return IDENTITY;
  }

  /** Root in the container is this user on the host, and there is nobody else. */
  public static OwnerMap rootIs(long uid, long gid) {
    return IDENTITY.users(0, uid, 1).groups(0, gid, 1);
  }

  /** Root is the user, and the ids from 1 on are those that the user may map besides. */
  public static OwnerMap subordinate(long uid, long gid, Identity.IdRanges ranges) {
    return rootIs(uid, gid)
        .users(1, ranges.firstUid(), ranges.uids())
        .groups(1, ranges.firstGid(), ranges.gids());
  }

  /**
   * Whoever owns an entry in the container, this user owns it on the host; the way back is root.
   * The owners in a layer are lost with it, so ask for it only where a user may own nothing else.
   */
  public static OwnerMap everyoneIs(long uid, long gid) {
    return new OwnerMap(List.of(), List.of(), Optional.of(new Owner(uid, gid)));
  }

  /**
   * This map with {@code count} users more.
   *
   * @throws InvalidSpecException where an id would stand for two
   */
  public OwnerMap users(long container, long host, long count) {
    return new OwnerMap(with(users, new Range(container, host, count)), groups, everyone);
  }

  /**
   * This map with {@code count} groups more.
   *
   * @throws InvalidSpecException where an id would stand for two
   */
  public OwnerMap groups(long container, long host, long count) {
    return new OwnerMap(users, with(groups, new Range(container, host, count)), everyone);
  }

  private static List<Range> with(List<Range> ranges, Range range) {
    for (Range other : ranges) {
      if (range.overlaps(other)) {
        throw new InvalidSpecException("two ranges of owners overlap: " + other + " and " + range);
      }
    }
    List<Range> more = new ArrayList<>(ranges);
    more.add(range);
    return List.copyOf(more);
  }

  OptionalLong userInContainer(long host) {
    return everyone.isPresent() ? OptionalLong.of(0) : inContainer(users, host);
  }

  OptionalLong groupInContainer(long host) {
    return everyone.isPresent() ? OptionalLong.of(0) : inContainer(groups, host);
  }

  OptionalLong userOnHost(long container) {
    return everyone.isPresent() ? OptionalLong.of(everyone.get().uid()) : onHost(users, container);
  }

  OptionalLong groupOnHost(long container) {
    return everyone.isPresent() ? OptionalLong.of(everyone.get().gid()) : onHost(groups, container);
  }

  private static OptionalLong inContainer(List<Range> ranges, long id) {
    if (ranges.isEmpty()) {
      return OptionalLong.of(id);
    }
    for (Range range : ranges) {
      if (id >= range.host && id < range.host + range.count) {
        return OptionalLong.of(id - range.host + range.container);
      }
    }
    return OptionalLong.empty();
  }

  private static OptionalLong onHost(List<Range> ranges, long id) {
    if (ranges.isEmpty()) {
      return OptionalLong.of(id);
    }
    for (Range range : ranges) {
      if (id >= range.container && id < range.container + range.count) {
        return OptionalLong.of(id - range.container + range.host);
      }
    }
    return OptionalLong.empty();
  }
}
