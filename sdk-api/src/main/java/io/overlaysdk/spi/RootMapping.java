package io.overlaysdk.spi;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * How a plain user becomes root over the own subordinate ids, in a new user namespace: by {@code
 * unshare --map-auto} of util-linux 2.38 and newer, else by {@code newuidmap} and {@code newgidmap}
 * (RHEL 9 has util-linux 2.37).
 *
 * @param unshare the program
 * @param helpers what writes the maps where {@code unshare} cannot
 */
public record RootMapping(Path unshare, Optional<Helpers> helpers) {
  private static final String SCRIPT = script();

  public RootMapping {
    Objects.requireNonNull(unshare, "unshare");
    Objects.requireNonNull(helpers, "helpers");
  }

  /**
   * What {@code host} has for it, whether it works there or not.
   *
   * @return empty where {@code unshare} is missing
   */
  public static Optional<RootMapping> of(Host host) {
    return host.find("unshare")
        .map(
            unshare ->
                new RootMapping(
                    unshare, mapsItself(host, unshare) ? Optional.empty() : helpers(host)));
  }

  private static boolean mapsItself(Host host, Path unshare) {
    return host.ask(List.of(unshare.toString(), "--help"))
        .filter(answer -> answer.stdout().contains("--map-auto"))
        .isPresent();
  }

  private static Optional<Helpers> helpers(Host host) {
    Optional<Path> shell = host.find("sh");
    Optional<Path> users = host.find("newuidmap");
    Optional<Path> groups = host.find("newgidmap");
    return shell.isPresent() && users.isPresent() && groups.isPresent()
        ? Optional.of(new Helpers(shell.get(), users.get(), groups.get()))
        : Optional.empty();
  }

  /**
   * The first words of an invocation; options of {@code unshare} for other namespaces and the
   * program follow.
   *
   * @throws IllegalArgumentException where {@code identity} has no subordinate ids
   */
  public List<String> words(Identity identity) {
    Identity.IdRanges ids =
        identity
            .subordinate()
            .orElseThrow(
                () -> new IllegalArgumentException(identity.user() + " has no subordinate ids"));
    if (helpers.isEmpty()) {
      return List.of(unshare.toString(), "--user", "--map-root-user", "--map-auto");
    }
    Helpers by = helpers.get();
    List<String> words =
        new ArrayList<>(List.of(by.shell().toString(), "-c", SCRIPT, "overlay-sdk"));
    words.addAll(List.of(unshare.toString(), by.users().toString(), by.groups().toString()));
    for (long number :
        List.of(
            (long) identity.uid(),
            ids.firstUid(),
            ids.uids(),
            (long) identity.gid(),
            ids.firstGid(),
            ids.gids())) {
      words.add(Long.toString(number));
    }
    return words;
  }

  private static String script() {
    try (InputStream in = RootMapping.class.getResourceAsStream("mapped.sh")) {
      if (in == null) {
        throw new IllegalStateException("the jar of overlay-sdk-api lacks mapped.sh");
      }
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Those who may write what a user may not.
   *
   * @param shell a POSIX shell
   * @param users the program {@code newuidmap}
   * @param groups the program {@code newgidmap}
   */
  public record Helpers(Path shell, Path users, Path groups) {
    public Helpers {
      Objects.requireNonNull(shell, "shell");
      Objects.requireNonNull(users, "users");
      Objects.requireNonNull(groups, "groups");
    }
  }
}
