package io.overlaysdk;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Where configuration files are looked for. */
final class ConfigurationFiles {
  private static final Path ETC = Path.of("/etc");
  private static final int ROOT = 0;
  private static final int OTHERS_WRITE = 0022;
  private static final int STICKY = 01000;

  /** As many as the kernel follows (path_resolution(7)). */
  private static final int MOST_LINKS = 40;

  private static final String VARIABLE = "OVERLAYSDK_CONFIG";
  private static final String NAME = "overlay-sdk/config.yaml";

  private ConfigurationFiles() {}

  static Optional<Path> find(Map<String, String> environment, Path home) {
    return find(environment, home, ETC);
  }

  static Optional<Path> find(Map<String, String> environment, Path home, Path etc) {
    String named = environment.getOrDefault(VARIABLE, "");
    if (!named.isEmpty()) {
      return Optional.of(Texts.path("the file that " + VARIABLE + " names", named));
    }
    Path base = Texts.path("XDG_CONFIG_HOME", environment.getOrDefault("XDG_CONFIG_HOME", ""));
    // the XDG specification has relative paths ignored; a JVM without a home calls it "?"
    Path user = base.isAbsolute() ? base : home.resolve(".config");
    return Stream.of(user, etc)
        .filter(Path::isAbsolute)
        .map(directory -> directory.resolve(NAME))
        .filter(ConfigurationFiles::mayBeThere)
        .findFirst();
  }

  /**
   * The site's file, which nobody can put another in the place of.
   *
   * @throws ConfigException where somebody else than root could have written it
   */
  static Optional<Path> ofSite() {
    return ofSite(ETC, ROOT);
  }

  /**
   * @param etc where it is looked for
   * @param owner who may have written it besides root
   */
  static Optional<Path> ofSite(Path etc, int owner) {
    Optional<Path> file = Optional.of(etc.resolve(NAME)).filter(ConfigurationFiles::mayBeThere);
    file.ifPresent(there -> requireTrusted(there, owner));
    return file;
  }

  /** Who can write to a directory above it can put another file there, or another link to it. */
  private static void requireTrusted(Path file, int owner) {
    try {
      requireTrusted(file, file.toAbsolutePath(), owner, 0);
    } catch (IOException e) {
      throw new ConfigException(
          file, 0, 0, "", "the site's policy cannot be looked at: " + e.getMessage(), e);
    }
  }

  /**
   * The same of a path on the way to the file: link by link, as the kernel goes.
   *
   * @param links how many there were before
   */
  private static void requireTrusted(Path file, Path path, int owner, int links)
      throws IOException {
    Path at = path.getRoot();
    requireOwn(file, at, owner);
    for (int i = 0; i < path.getNameCount(); i++) {
      at = at.resolve(path.getName(i));
      if (Files.isSymbolicLink(at)) {
        if (links == MOST_LINKS) {
          throw new FileSystemLoopException(at.toString());
        }
        requireOwn(file, at, owner, LinkOption.NOFOLLOW_LINKS);
        Path to = at.resolveSibling(Files.readSymbolicLink(at));
        requireTrusted(file, behind(to, path, i), owner, links + 1);
        return;
      }
      requireOwn(file, at, owner);
    }
  }

  private static Path behind(Path to, Path path, int link) {
    return link + 1 < path.getNameCount()
        ? to.resolve(path.subpath(link + 1, path.getNameCount()))
        : to;
  }

  @SuppressWarnings("NullAway") // each attribute that was asked for is there
  private static void requireOwn(Path file, Path path, int owner, LinkOption... options)
      throws IOException {
    Map<String, Object> attributes = Files.readAttributes(path, "unix:uid,mode", options);
    int uid = (int) attributes.get("uid");
    // that of a link says nothing
    int mode = options.length > 0 ? 0 : (int) attributes.get("mode");
    // others can add names to a directory with the sticky bit, and replace only their own
    boolean shared = Files.isDirectory(path) && (mode & STICKY) != 0;
    if (uid != ROOT && uid != owner || (mode & OTHERS_WRITE) != 0 && !shared) {
      throw new ConfigException(
          file,
          0,
          0,
          "",
          "this holds the site's policy, and somebody else than root may write to "
              + path
              + " (user id "
              + uid
              + ", mode "
              + Integer.toOctalString(mode & 07777)
              + "); give it to root with chown, and take the permission away with chmod go-w");
    }
  }

  /** A link that leads nowhere and a file that is out of reach count: they may hold policy. */
  private static boolean mayBeThere(Path file) {
    try {
      Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return true;
    } catch (AccessDeniedException e) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
