package io.overlaysdk.layers;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.layers.LayerEntry.Kind;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * Which entries of an upper directory the container runtime made, and not the user. The rule:
 *
 * <ol>
 *   <li>A <em>mount point</em> is left out where the image has nothing at its path, and what is
 *       there is an empty file or a directory that is empty or holds mount points only.
 *   <li>A directory that <em>leads to</em> a mount point is left out where the image has nothing at
 *       its path and it holds only what this rule leaves out.
 *   <li>A <em>generated file</em> is left out where it was added, or its content, mode or owner
 *       changed.
 * </ol>
 *
 * Everything else is the user's: a mount point with something in it, one that was deleted or is now
 * of another type than in the image.
 */
public final class RuntimeFiles {
  private static final long NOBODY = -1;
  private static final RuntimeFiles NONE = new RuntimeFiles(Set.of(), Set.of(), Set.of(), NOBODY);

  private final Set<ContainerPath> mountPoints;
  private final Set<ContainerPath> leading;
  private final Set<ContainerPath> generated;
  private final long user;

  private RuntimeFiles(
      Set<ContainerPath> mountPoints,
      Set<ContainerPath> leading,
      Set<ContainerPath> generated,
      long user) {
    this.mountPoints = mountPoints;
    this.leading = leading;
    this.generated = generated;
    this.user = user;
  }

  /** Everything is the user's. */
  public static RuntimeFiles none() {
    return NONE;
  }

  /**
   * The mount points that this SDK's backends and the tools behind them make in every container:
   * {@code /dev}, {@code /proc}, {@code /sys}, {@code /tmp}, {@code /var/tmp}, {@code /root},
   * {@code /.overlay-sdk}, and {@code resolv.conf}, {@code hosts}, {@code hostname}, {@code
   * localtime}, {@code passwd} and {@code group} in {@code /etc}. The targets of binds come on top.
   */
  public static RuntimeFiles standard() {
    return NONE.mountPoints(
        Arrays.asList(
            ContainerPath.of("/dev"),
            ContainerPath.of("/proc"),
            ContainerPath.of("/sys"),
            ContainerPath.of("/tmp"),
            ContainerPath.of("/var/tmp"),
            ContainerPath.of("/root"),
            ContainerPath.of("/.overlay-sdk"),
            ContainerPath.of("/etc/resolv.conf"),
            ContainerPath.of("/etc/hosts"),
            ContainerPath.of("/etc/hostname"),
            ContainerPath.of("/etc/localtime"),
            ContainerPath.of("/etc/passwd"),
            ContainerPath.of("/etc/group")));
  }

  /** The same rule with these mount points on top. */
  public RuntimeFiles mountPoints(Collection<ContainerPath> paths) {
    Set<ContainerPath> points = new HashSet<>(mountPoints);
    Set<ContainerPath> above = new HashSet<>(leading);
    for (ContainerPath path : paths) {
      points.add(path);
      byte[] bytes = path.bytes();
      for (int i = 1; i < bytes.length; i++) {
        if (bytes[i] == '/') {
          above.add(ContainerPath.of(Arrays.copyOf(bytes, i)));
        }
      }
    }
    return new RuntimeFiles(points, above, generated, user);
  }

  /** The same rule with these generated files on top. */
  public RuntimeFiles generated(Collection<ContainerPath> paths) {
    Set<ContainerPath> files = new HashSet<>(generated);
    files.addAll(paths);
    return new RuntimeFiles(mountPoints, leading, files, user);
  }

  /**
   * The same rule for a plain user on the root of the machine: a directory that belongs to somebody
   * else cannot be given another mode or owner by the user, so where it has one in the overlay, the
   * runtime made it for the changes in it.
   *
   * @param uid the user's id
   */
  public RuntimeFiles directoriesOfOthersThan(long uid) {
    return new RuntimeFiles(mountPoints, leading, generated, uid);
  }

  boolean isEmpty() {
    return mountPoints.isEmpty() && generated.isEmpty();
  }

  /** Whether the runtime made this entry, for which the image has nothing. */
  boolean haveAdded(LayerDirectory parent, LayerEntry entry) {
    ContainerPath path = entry.path();
    if (generated.contains(path)) {
      return true;
    }
    boolean mountPoint = mountPoints.contains(path);
    if (entry.kind() == Kind.FILE) {
      return mountPoint && entry.size() == 0;
    }
    return entry.isDirectory()
        && (mountPoint || leading.contains(path))
        && holdsNothingElse(parent, entry);
  }

  /** Whether the runtime changed this entry, which the image has with another content or mode. */
  boolean haveChanged(LayerEntry entry) {
    return !generated.isEmpty() && generated.contains(entry.path());
  }

  /** Whether the runtime made this directory for what is in it. */
  boolean haveMade(LayerEntry entry, LowerEntry old) {
    return user != NOBODY && entry.isDirectory() && old.stat().uid() != user;
  }

  private boolean holdsNothingElse(LayerDirectory parent, LayerEntry directory) {
    try (LayerDirectory opened = parent.open(directory)) {
      boolean empty = true;
      for (LayerEntry entry : opened.entries()) {
        if (entry.kind() == Kind.WHITEOUT) {
          continue;
        }
        empty = false;
        if (!haveAdded(opened, entry)) {
          return false;
        }
      }
      return !empty || mountPoints.contains(directory.path());
    }
  }
}
