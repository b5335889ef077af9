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
 * Takes trees away for good, those too that hold files of the user's subordinate ids: a session
 * with fakeroot leaves them, and only a process in such a user namespace may delete them.
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
   * Takes away what was made for a session or for other work, and what is mounted in it.
   *
   * @throws OverlayException where something is left
   */
  void removeOwn(Path tree) {
    FuseMount.endIn(tree, host, launcher);
    remove(tree);
  }

  /**
   * @throws OverlayException where something is left
   */
  void remove(Path tree) {
    try {
      Deletion.tree(tree);
    } catch (IOException | UnsupportedOperationException e) {
      removeInNamespace(tree);
      if (Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
        throw new OverlayException("cannot delete " + tree + ": " + e, e);
      }
    }
  }

  private void removeInNamespace(Path tree) {
    if (host.identity().isRoot() || host.identity().subordinate().isEmpty()) {
      return;
    }
    Optional<RootMapping> root = RootMapping.of(host);
    Optional<Path> rm = host.find("rm");
    if (root.isEmpty() || rm.isEmpty()) {
      return;
    }
    List<String> words = new ArrayList<>(root.get().words(host.identity()));
    words.addAll(List.of(rm.get().toString(), "-rf", "--one-file-system", "--", tree.toString()));
    launcher.run(Invocation.of(words), Launcher.Terms.within(PATIENCE));
  }
}
