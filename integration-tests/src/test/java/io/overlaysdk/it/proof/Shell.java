package io.overlaysdk.it.proof;

import io.overlaysdk.it.Programs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs programs on the host as the user that a container has: with fakeroot a plain user's files
 * have many owners, in a user namespace of its own.
 */
final class Shell {
  static final boolean ROOT = "root".equals(System.getProperty("user.name"));

  private final boolean namespace;

  Shell(boolean fakeroot) {
    this.namespace = fakeroot && !ROOT;
  }

  /** Runs a script in a directory, with the programs of the base and no others. */
  String run(Path programs, Path directory, String script) throws IOException {
    return words(
        "/usr/bin/env",
        "-i",
        "PATH=" + programs,
        "LC_ALL=C.UTF-8",
        programs.resolve("busybox").toString(),
        "sh",
        "-c",
        "cd \"$1\"; " + script,
        "sh",
        directory.toString());
  }

  String words(String... words) throws IOException {
    List<String> all = new ArrayList<>();
    if (namespace) {
      all.addAll(List.of("unshare", "--user", "--map-root-user", "--map-auto"));
    }
    all.addAll(List.of(words));
    return Programs.run(all.toArray(String[]::new));
  }
}
