package io.overlaysdk.engine;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.ImageFacts.Place;
import io.overlaysdk.spi.ImageFacts.Use;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the machine's own root is put together from in a session. Root takes it whole, and each file
 * system that is mounted in it. A plain user's kernel takes no directory in which something is
 * mounted (overlay-facts: EINVAL), so it is put together from directories in which nothing is.
 */
final class HostPlaces {
  /** Made anew in every session. */
  private static final List<Path> PRIVATE =
      List.of(Path.of("/dev"), Path.of("/proc"), Path.of("/sys"), Path.of("/tmp"));

  /** What the kernel takes as a lower layer; what it does not know as one is only shown. */
  private static final Set<String> LAYERS =
      Set.of(
          "bcachefs",
          "btrfs",
          "erofs",
          "ext2",
          "ext3",
          "ext4",
          "f2fs",
          "nfs",
          "nfs4",
          "overlay",
          "squashfs",
          "tmpfs",
          "xfs",
          "zfs");

  /** File systems without files: there is nothing of the machine's in them. */
  private static final Set<String> NOTHING =
      Set.of(
          "autofs",
          "binfmt_misc",
          "bpf",
          "cgroup",
          "cgroup2",
          "configfs",
          "debugfs",
          "devpts",
          "devtmpfs",
          "efivarfs",
          "fusectl",
          "hugetlbfs",
          "mqueue",
          "nsfs",
          "proc",
          "pstore",
          "ramfs",
          "rpc_pipefs",
          "securityfs",
          "selinuxfs",
          "sysfs",
          "tracefs");

  private final List<MountTable.Mount> mounts;
  private final List<Path> apart = new ArrayList<>();
  private final List<Place> places = new ArrayList<>();

  private HostPlaces(List<MountTable.Mount> mounts) {
    this.mounts = mounts;
  }

  /**
   * @param scratch where the session mounts what it needs
   */
  static List<Place> of(Identity identity, Path scratch) {
    return of(identity, scratch, MountTable.read());
  }

  static List<Place> of(Identity identity, Path scratch, List<MountTable.Mount> mounts) {
    HostPlaces all = new HostPlaces(mounts);
    if (identity.isRoot()) {
      all.addMounts(scratch);
    } else {
      mounts.forEach(mount -> all.apart.add(mount.at()));
      all.apart.add(scratch);
      all.addEntries(Path.of("/"));
      all.addHome(identity.home());
    }
    return List.copyOf(all.places);
  }

  /**
   * The home directory has an overlay of its own, over that of a directory that it lies in: what
   * lies below directories of root cannot be changed, because those cannot be copied up.
   */
  private void addHome(Path home) {
    boolean there = places.stream().anyMatch(place -> place.path().equals(home));
    if (!there && !isPrivate(home) && Files.isDirectory(home, NOFOLLOW_LINKS)) {
      String type = MountTable.type(home, mounts);
      places.add(new Place(home, LAYERS.contains(type) ? Use.OVERLAY : Use.READ_ONLY));
    }
  }

  private void addMounts(Path scratch) {
    Set<Path> seen = new TreeSet<>();
    for (MountTable.Mount mount : mounts) {
      Path at = mount.at();
      boolean shown =
          at.getNameCount() > 0
              && !isPrivate(at)
              && !at.startsWith(scratch)
              && !NOTHING.contains(mount.type());
      if (shown && Files.exists(at, NOFOLLOW_LINKS)) {
        seen.add(at);
      }
    }
    // in the order of their names: what lies in another comes after it
    seen.forEach(at -> places.add(new Place(at, mounted(at))));
  }

  private Use mounted(Path at) {
    return Files.isDirectory(at, NOFOLLOW_LINKS) && LAYERS.contains(MountTable.type(at, mounts))
        ? Use.OVERLAY
        : Use.READ_ONLY;
  }

  /** Whether the session has something of its own there. */
  static boolean isPrivate(Path path) {
    return PRIVATE.stream().anyMatch(path::startsWith);
  }

  private void addEntries(Path directory) {
    for (Path entry : entries(directory)) {
      if (isPrivate(entry)) {
        continue;
      }
      if (Files.isSymbolicLink(entry)) {
        places.add(new Place(entry, Use.LINK));
      } else if (Files.isDirectory(entry, NOFOLLOW_LINKS)) {
        addDirectory(entry);
      } else if (Files.isRegularFile(entry, NOFOLLOW_LINKS) && Files.isReadable(entry)) {
        places.add(new Place(entry, Use.READ_ONLY));
      }
    }
  }

  private void addDirectory(Path directory) {
    boolean divided =
        apart.stream().anyMatch(path -> path.startsWith(directory) && !path.equals(directory));
    String type = MountTable.type(directory, mounts);
    boolean usable = Files.isReadable(directory) && Files.isExecutable(directory);
    if (divided || !usable || NOTHING.contains(type)) {
      places.add(new Place(directory, Use.FOLDER));
      if (divided) {
        addEntries(directory);
      }
    } else {
      places.add(new Place(directory, LAYERS.contains(type) ? Use.OVERLAY : Use.READ_ONLY));
    }
  }

  /** Of a directory that cannot be listed, what is known to be in it. */
  private Set<Path> entries(Path directory) {
    Set<Path> entries = new TreeSet<>();
    if (Files.isReadable(directory)) {
      try {
        entries.addAll(Listings.of(directory));
      } catch (IOException e) {
        throw new OverlayException("cannot look into " + directory + ": " + e, e);
      }
      return entries;
    }
    int depth = directory.getNameCount();
    for (Path path : apart) {
      if (path.startsWith(directory) && path.getNameCount() > depth) {
        Path entry = directory.resolve(path.getName(depth));
        if (Files.exists(entry, NOFOLLOW_LINKS)) {
          entries.add(entry);
        }
      }
    }
    return entries;
  }
}
