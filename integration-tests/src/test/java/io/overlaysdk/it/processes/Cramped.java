package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.it.Tools;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A JVM of its own in which something is scarce: it has a mount namespace of its own with a small
 * file system in it, which root and a plain user may mount there alike, and which goes with it.
 */
final class Cramped {
  /** sh -c THIS sh LIMIT OPTIONS DIRECTORY WORDS... */
  private static final String ENTER =
      "$1 && mount -t tmpfs -o \"$2\" tmpfs \"$3\" && shift 3 && exec \"$@\"";

  /**
   * sh -c THIS sh FILE DIRECTORY WORDS... A quota of 24 MB, which Btrfs holds root to as well. The
   * kernel may be built without those of other file systems.
   */
  private static final String ENTER_QUOTA =
      """
      set -e
      truncate -s 160M "$1"
      mkfs.btrfs -q "$1"
      mount -o loop "$1" "$2" && btrfs quota enable "$2" || exit 77
      btrfs subvolume create "$2/limited"
      btrfs qgroup limit 24M "$2/limited"
      mount --bind "$2/limited" "$2"
      shift 2
      exec "$@"
      """;

  /** Of a script: the kernel has not what it needs. */
  private static final int NOT_HERE = 77;

  private static final int PATIENCE_SECONDS = 100;

  private Cramped() {}

  /** What is tried there: methods of {@link CrampedParts}. */
  interface Part {
    void run(Site site) throws Exception;
  }

  /**
   * Runs a part of a test.
   *
   * @param options of the tmpfs, such as {@code size=1m}
   * @param mount where it is
   * @param limit a command for the shell before, such as one that lowers its limits
   */
  static void run(Site site, String part, String options, Path mount, String limit)
      throws Exception {
    Files.createDirectories(mount);
    run(site, part, ENTER, limit, options, mount.toString());
  }

  /** Likewise on a file system with a quota, which only root can make. */
  static void runWithQuota(Site site, String part, Path mount) throws Exception {
    Files.createDirectories(mount);
    Path disk = site.directory().resolve("disk");
    run(site, part, ENTER_QUOTA, disk.toString(), mount.toString());
    Files.delete(disk);
  }

  private static void run(Site site, String part, String script, String... arguments)
      throws Exception {
    List<String> words = new ArrayList<>(List.of("unshare"));
    if (!System.getProperty("user.name").equals("root")) {
      words.addAll(List.of("--user", "--map-current-user", "--keep-caps"));
    }
    words.addAll(List.of("--mount", "--propagation", "private", "sh", "-c", script, "sh"));
    words.addAll(List.of(arguments));
    ProcessBuilder jvm =
        ChildJvm.of(site.directory(), CrampedParts.class, site.directory().toString(), part);
    words.addAll(jvm.command());
    // its own helper has the open files of the JVM too, and where it fails JDK 17 closes others'
    words.add(words.indexOf("-cp"), "-Djdk.lang.Process.launchMechanism=VFORK");
    Path said = site.directory().resolve("said");
    Process process =
        jvm.command(words).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    boolean ended = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
    if (!ended) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    assertTrue(ended, () -> "it hangs: " + read(said));
    Tools.assume(process.exitValue() != NOT_HERE, "the kernel has no such thing: " + read(said));
    assertEquals(0, process.exitValue(), () -> read(said));
    site.assertNothingLeft();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Writes until there is no room for another byte. */
  static Path fill(Path directory) throws IOException {
    Path filler = directory.resolve("filler");
    try (var out = Files.newOutputStream(filler)) {
      for (int size = 1 << 16; size > 0; size /= 2) {
        fill(out, new byte[size]);
      }
    }
    return filler;
  }

  private static void fill(java.io.OutputStream out, byte[] bytes) {
    try {
      while (true) {
        out.write(bytes);
      }
    } catch (IOException e) {
      // full for so many
      return;
    }
  }

  /** Makes files until there is no inode for another one. */
  static List<Path> fillInodes(Path directory) throws IOException {
    List<Path> fillers = new ArrayList<>();
    while (true) {
      try {
        fillers.add(Files.createFile(directory.resolve("filler" + fillers.size())));
      } catch (FileSystemException e) {
        return fillers;
      }
    }
  }
}
