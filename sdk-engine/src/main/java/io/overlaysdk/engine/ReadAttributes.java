package io.overlaysdk.engine;

import io.overlaysdk.LaunchException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.AttributeDump;
import io.overlaysdk.layers.ExtendedAttributes;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * The attributes outside {@code user.} of a layer. Java shows them to nobody; {@code getfattr} (of
 * the package attr) does, run once for a whole layer. The {@code trusted.overlay.*} by which a
 * kernel overlay of root says what it hides are seen by root of the machine only.
 */
final class ReadAttributes implements ExtendedAttributes {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final Path MAP = Path.of("/proc/self/uid_map");

  /** As whom the machine's root appears in a user namespace that does not have it. */
  private static final int NOBODY = 65534;

  private static final ExtendedAttributes NOTHING =
      new ExtendedAttributes() {
        @Override
        public Map<String, byte[]> of(Path entry) {
          return Map.of();
        }

        @Override
        public void remove(Path entry, String name) {
          refuse(entry, name);
        }
      };

  private final ExtendedAttributes dump;
  private final boolean complete;
  private final boolean user;

  private ReadAttributes(ExtendedAttributes dump, boolean complete, boolean user) {
    this.dump = dump;
    this.complete = complete;
    this.user = user;
  }

  /** Those of a file system in which nothing has any. */
  static ExtendedAttributes none() {
    return new ReadAttributes(NOTHING, true, true);
  }

  /**
   * Reads those by which a driver decides what is seen, of all entries below {@code layer}, and of
   * itself.
   *
   * @throws LaunchException where getfattr is missing or fails
   */
  static ExtendedAttributes deciding(Path layer, Host host, Launcher launcher) {
    return of(AttributeDump.command(layer), layer, ReadAttributes::refuse, host, launcher);
  }

  private static void refuse(Path entry, String name) {
    throw new UnsupportedException("cannot remove " + name + " from " + entry + ": only read");
  }

  /** As {@link #deciding}; what is removed is removed with {@code nodes}. */
  static ExtendedAttributes changeable(Path layer, Nodes nodes, Host host, Launcher launcher) {
    return of(AttributeDump.command(layer), layer, nodes::remove, host, launcher);
  }

  /** Reads those too that a user may have set. */
  static ExtendedAttributes all(Path layer, Host host, Launcher launcher) {
    return of(AttributeDump.commandForAll(layer), layer, ReadAttributes::refuse, host, launcher);
  }

  /**
   * As {@link #all}, those in {@code user.} included: for what is in an image, where drivers do not
   * mark each file. Where that is too much to be kept, those are read one by one.
   */
  static ExtendedAttributes everything(Path layer, Host host, Launcher launcher) {
    Invocation invocation = invocation(AttributeDump.commandForEverything(layer), layer, host);
    Launcher.Outcome outcome = launcher.run(invocation, Launcher.Terms.within(LIMIT));
    return outcome.truncated()
        ? all(layer, host, launcher)
        : parse(outcome, invocation, layer, ReadAttributes::refuse, true, host);
  }

  private static ExtendedAttributes of(
      List<String> words,
      Path layer,
      BiConsumer<Path, String> remover,
      Host host,
      Launcher launcher) {
    Invocation invocation = invocation(words, layer, host);
    Launcher.Outcome outcome = launcher.run(invocation, Launcher.Terms.within(LIMIT));
    return parse(outcome, invocation, layer, remover, false, host);
  }

  private static Invocation invocation(List<String> words, Path layer, Host host) {
    Path program =
        Programs.require(host, words.get(0), "read the attributes of what is in " + layer);
    return Invocation.of(program, words.subList(1, words.size()));
  }

  private static ExtendedAttributes parse(
      Launcher.Outcome outcome,
      Invocation invocation,
      Path layer,
      BiConsumer<Path, String> remover,
      boolean user,
      Host host) {
    if (outcome.timedOut() || outcome.truncated() || outcome.status() != 0) {
      throw new LaunchException(
          "cannot read the attributes of " + layer, invocation.words(), outcome.errorText());
    }
    ExtendedAttributes dump =
        AttributeDump.parse(new ByteArrayInputStream(outcome.stdout()), remover::accept);
    return new ReadAttributes(dump, isComplete(layer, host), user);
  }

  /** In a user namespace of a plain user nobody's files may be those of the machine's root. */
  private static boolean isComplete(Path layer, Host host) {
    if (!host.identity().isRoot()) {
      return false;
    }
    boolean machine =
        host.read(MAP).map(map -> map.strip().matches("0\\s+0\\s+4294967295")).orElse(true);
    return machine
        || !(isNobodys(layer) || isNobodys(layer.resolveSibling("work").resolve("work")));
  }

  private static boolean isNobodys(Path path) {
    try {
      return Files.exists(path, LinkOption.NOFOLLOW_LINKS)
          && Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS).equals(NOBODY);
    } catch (IOException e) {
      throw new OverlayException("cannot look at " + path + ": " + e, e);
    }
  }

  /** A capability counts in a layer wherever it is unpacked, not in one user namespace. */
  @Override
  public Map<String, byte[]> of(Path entry) {
    Map<String, byte[]> found = dump.of(entry);
    byte[] capability = found.get(FileCapability.NAME);
    if (capability == null) {
      return found;
    }
    Map<String, byte[]> changed = new TreeMap<>(found);
    changed.put(FileCapability.NAME, FileCapability.everywhere(capability));
    return changed;
  }

  @Override
  public void remove(Path entry, String name) {
    dump.remove(entry, name);
  }

  @Override
  public boolean isComplete() {
    return complete;
  }

  @Override
  public boolean holdsUser() {
    return user;
  }
}
