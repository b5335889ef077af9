package io.overlaysdk.engine;

import io.overlaysdk.Configuration;
import io.overlaysdk.LaunchException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Stdio;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Unpacks squashfs file systems, which may come from anywhere, into a directory that nobody else
 * can enter. unsquashfs makes whiteouts and gives files away only as root; a plain user is that in
 * a user namespace, where the kernel lets it make 0:0 devices and no others.
 */
final class Unsquashing {
  /** What unsquashfs ends with where it went on after something could not be made. */
  private static final int INCOMPLETE = 2;

  private final Host host;
  private final OwnNamespace inside;
  private final Launcher launcher;

  Unsquashing(Host host, Configuration configuration, Launcher launcher) {
    this.host = host;
    this.inside = new OwnNamespace(host, configuration);
    this.launcher = launcher;
  }

  /**
   * @param target a directory that is not there yet
   * @param started is told the pid of the program
   * @throws LaunchException where unsquashfs is missing, too old, or fails
   * @throws UnsupportedException where something in it cannot be made here
   */
  void run(Path file, Path target, LongConsumer started) {
    List<String> words = new ArrayList<>();
    if (!host.identity().isRoot()) {
      words.addAll(namespace());
    }
    words.add(SquashfsTool.UNSQUASHFS.find(host).toString());
    words.addAll(List.of("-no-progress", "-quiet", "-dest", target.toString(), file.toString()));
    Invocation invocation = Invocation.of(Path.of(words.get(0)), words.subList(1, words.size()));
    Launcher.Outcome outcome =
        launcher.run(
            invocation,
            new Launcher.Terms(Optional.empty(), Stdio.PIPES, Optional.empty(), started));
    if (outcome.status() == INCOMPLETE) {
      throw new UnsupportedException(
          "not all that is in "
              + file
              + " can be made here as "
              + host.identity().user()
              + ": "
              + outcome.errorText().lines().findFirst().orElse("unsquashfs does not say what")
              + "; root may be able to, or a user with subordinate ids");
    }
    if (outcome.status() != 0) {
      throw new LaunchException("cannot unpack " + file, invocation.words(), outcome.errorText());
    }
  }

  private List<String> namespace() {
    Path unshare =
        host.find("unshare")
            .orElseThrow(
                () ->
                    new LaunchException(
                        "there is no program unshare here: install util-linux",
                        List.of("unshare"),
                        ""));
    List<String> words = new ArrayList<>(List.of(unshare.toString(), "--user", "--map-root-user"));
    if (inside.refusal().isEmpty()) {
      words.add("--map-auto");
    }
    return words;
  }
}
