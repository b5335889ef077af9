package io.overlaysdk;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Where configuration files are looked for. */
final class ConfigurationFiles {
  private static final String VARIABLE = "OVERLAYSDK_CONFIG";
  private static final String NAME = "overlay-sdk/config.yaml";

  private ConfigurationFiles() {}

  static Optional<Path> find(Map<String, String> environment, Path home) {
    return find(environment, home, Path.of("/etc"));
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
