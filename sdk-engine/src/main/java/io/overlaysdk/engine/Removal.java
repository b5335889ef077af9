package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.RootMapping;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Takes trees away for good, those too that hold files of the user's subordinate ids, which a
 * session with fakeroot leaves, and directories that nobody may enter: only a process that is root
 * in a user namespace may delete them.
 */
final class Removal {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final Host host;
  private final Launcher launcher;

  Removal(Host host, Launcher launcher) {
    this.host = host;
    this.launcher = launcher;
  }

  /**
   * @throws OverlayException where something is left
   */
  void remove(Path tree) {
    List<Path> mounts = MountTable.below(tree);
    if (!mounts.isEmpty()) {
      // what is mounted is not of the tree, and must not be deleted with it
      throw new OverlayException("cannot delete " + tree + ": something is mounted at " + mounts);
    }
    try {
      Deletion.tree(tree);
    } catch (IOException | UnsupportedOperationException e) {
      removeInNamespace(tree);
      if (Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
        throw new OverlayException("cannot delete " + tree + ": " + e, e);
      }
    }
  }

  /**
   * Likewise of a tree in which only this SDK mounts anything: a driver that was killed leaves its
   * mount.
   */
  void removeScratch(Path tree) {
    MountTable.below(tree).forEach(mount -> FuseMount.unmount(host, launcher, mount));
    remove(tree);
  }

  private void removeInNamespace(Path tree) {
    Optional<Path> rm = host.find("rm");
    List<String> words = new ArrayList<>(asRoot());
    if (host.identity().isRoot() || words.isEmpty() || rm.isEmpty()) {
      return;
    }
    words.addAll(List.of(rm.get().toString(), "-rf", "--one-file-system", "--", tree.toString()));
    launcher.run(Invocation.of(words), Launcher.Terms.within(PATIENCE));
  }

  /** Over all ids that the user has, which may be no more than one. */
  private List<String> asRoot() {
    if (host.identity().subordinate().isPresent()) {
      return RootMapping.of(host).map(root -> root.words(host.identity())).orElse(List.of());
    }
    return host.find("unshare")
        .map(unshare -> List.of(unshare.toString(), "--user", "--map-root-user"))
        .orElse(List.of());
  }
}
