package io.overlaysdk.engine;

import io.overlaysdk.Configuration;
import io.overlaysdk.LaunchException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Stdio;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
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
   * @param target a directory that is not there yet; it will be this user's own, because nobody
   *     else could use it, and an ext3 image that a plain user made has another owner there
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
    Launcher.Terms terms =
        new Launcher.Terms(Optional.empty(), Stdio.PIPES, Optional.empty(), started);
    Launcher.Outcome outcome = launcher.run(Invocation.of(words), terms);
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
      throw new LaunchException("cannot unpack " + file, words, outcome.errorText());
    }
    if (!host.identity().isRoot() && !isOwn(target)) {
      List<String> giving = new ArrayList<>(namespace());
      giving.add(host.find("chown").orElse(Path.of("/bin/chown")).toString());
      giving.addAll(List.of("--no-dereference", "0:0", target.toString()));
      Launcher.Outcome given = launcher.run(Invocation.of(giving), terms);
      if (given.status() != 0) {
        throw new LaunchException("cannot take " + target, giving, given.errorText());
      }
    }
  }

  private boolean isOwn(Path file) {
    try {
      return Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS)
          .equals(host.identity().uid());
    } catch (IOException e) {
      throw new OverlayException("cannot look at " + file + ": " + e, e);
    }
  }

  private List<String> namespace() {
    Path unshare = Programs.require(host, "unshare", "unpack what is not this user's");
    return inside.refusal().isEmpty()
        ? inside.words()
        : List.of(unshare.toString(), "--user", "--map-root-user");
  }
}
