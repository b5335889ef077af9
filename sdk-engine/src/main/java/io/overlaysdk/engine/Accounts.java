package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.spi.Identity.IdRanges;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Predicate;

/** What the files under {@code /etc} say of a user. A directory service's users are not in them. */
final class Accounts {
  private final Path etc;

  Accounts(Path etc) {
    this.etc = etc;
  }

  /**
   * A user of {@code passwd}.
   *
   * @param name the name
   * @param home the home directory, where the line has an absolute one
   */
  record User(String name, Optional<Path> home) {}

  Optional<User> user(int uid) {
    String id = Integer.toUnsignedString(uid);
    return first("passwd", 7, fields -> fields[2].equals(id) && !fields[0].isEmpty())
        .map(fields -> new User(fields[0], absolute(fields[5])));
  }

  /**
   * The first range of user ids and of group ids that is set aside for the user, where both are.
   */
  Optional<IdRanges> subordinate(String user, int uid) {
    return range("subuid", user, uid)
        .flatMap(
            uids ->
                range("subgid", user, uid)
                    .map(gids -> new IdRanges(uids[0], uids[1], gids[0], gids[1])));
  }

  private Optional<long[]> range(String file, String user, int uid) {
    String id = Integer.toUnsignedString(uid);
    return first(
            file,
            3,
            fields ->
                (fields[0].equals(user) || fields[0].equals(id))
                    && isNumber(fields[1])
                    && isNumber(fields[2]))
        .map(fields -> new long[] {Long.parseLong(fields[1]), Long.parseLong(fields[2])});
  }

  private static boolean isNumber(String text) {
    return text.matches("[0-9]{1,10}");
  }

  private Optional<String[]> first(String name, int fields, Predicate<String[]> matches) {
    Path file = etc.resolve(name);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    // not Files.lines: a name in another encoding must not hide the lines after it
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(Files.newInputStream(file), UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] parts = line.strip().split(":", -1);
        if (parts.length == fields && matches.test(parts)) {
          return Optional.of(parts);
        }
      }
    } catch (IOException e) {
      // a file that this user may not read says nothing to this user
      return Optional.empty();
    }
    return Optional.empty();
  }

  /** The path that {@code text} is, where it is an absolute one. */
  static Optional<Path> absolute(String text) {
    try {
      return Optional.of(Path.of(text)).filter(Path::isAbsolute);
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }
}
