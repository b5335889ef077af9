package io.overlaysdk.layers;

import java.util.List;

/**
 * What the owners that the host shows are in the container. In a user namespace the files of an
 * overlay belong to other users on the host than inside.
 */
public interface Owners {

  long uid(long onHost);

  long gid(long onHost);

  /** The container has the users of the host. */
  static Owners asOnHost() {
    return new Owners() {
      @Override
      public long uid(long onHost) {
        return onHost;
      }

      @Override
      public long gid(long onHost) {
        return onHost;
      }
    };
  }

  /** There is only one user, whom everything belongs to: owners are no difference. */
  static Owners oneUser() {
    return new Owners() {
      @Override
      public long uid(long onHost) {
        return 0;
      }

      @Override
      public long gid(long onHost) {
        return 0;
      }
    };
  }

  /**
   * Users are mapped in ranges, as in {@code /proc/PID/uid_map}. One who is in none of them is
   * shown as 65534, as the kernel does.
   */
  static Owners mapped(List<Range> users, List<Range> groups) {
    List<Range> uids = List.copyOf(users);
    List<Range> gids = List.copyOf(groups);
    return new Owners() {
      @Override
      public long uid(long onHost) {
        return Range.inside(uids, onHost);
      }

      @Override
      public long gid(long onHost) {
        return Range.inside(gids, onHost);
      }
    };
  }

  /**
   * {@code count} users, from {@code inside} on in the container and from {@code host} on outside.
   */
  record Range(long inside, long host, long count) {
    private static final long NOBODY = 65534;

    private static long inside(List<Range> ranges, long onHost) {
      for (Range range : ranges) {
        if (onHost >= range.host && onHost - range.host < range.count) {
          return range.inside + (onHost - range.host);
        }
      }
      return NOBODY;
    }
  }
}
