package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.overlaysdk.OverlayException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What is mounted on this machine, as this process sees it: {@code /proc/self/mountinfo}. */
final class MountTable {
  private static final Path FILE = Path.of("/proc/self/mountinfo");

  private MountTable() {}

  /**
   * @param at the mount point
   * @param type the name of the file system's type; of {@code fuse.sshfs} the whole
   * @param options of the file system, such as {@code nolock}
   */
  record Mount(Path at, String type, Set<String> options) {
    /**
     * Whether locks keep out only processes of this host: the kernel asks no server for them, and
     * grants them all the same (nfs(5), mount.cifs(8), mount.lustre(8)).
     */
    boolean locksOnlyHere() {
      return switch (type) {
        case "nfs", "nfs4" ->
            options.contains("nolock")
                || options.contains("local_lock=all")
                || options.contains("local_lock=posix");
        case "cifs", "smb3" -> options.contains("nobrl");
        case "lustre" -> options.contains("localflock");
        default -> false;
      };
    }
  }

  /** In the order in which they were mounted. */
  static List<Mount> read() {
    try {
      return parse(Files.readAllBytes(FILE));
    } catch (IOException e) {
      throw new OverlayException("cannot tell what is mounted: " + e + "; /proc is needed", e);
    }
  }

  /** The type of the file system that a path belongs to. */
  static String type(Path path, List<Mount> mounts) {
    return of(path, mounts).map(Mount::type).orElse("");
  }

  /**
   * The file system that a path belongs to: the last one that was mounted there. The JDK's {@code
   * FileStore} names the first of two at one place.
   */
  static Optional<Mount> of(Path path, List<Mount> mounts) {
    Mount found = null;
    for (Mount mount : mounts) {
      if (path.startsWith(mount.at())
          && (found == null || mount.at().getNameCount() >= found.at().getNameCount())) {
        found = mount;
      }
    }
    return Optional.ofNullable(found);
  }

  /** Where something is mounted at a directory or below it, the innermost first. */
  static List<Path> below(Path directory) {
    Path real;
    try {
      // the directory itself may be a mount whose program is dead, and cannot be asked
      Path absolute = directory.toAbsolutePath();
      Path parent = absolute.getParent();
      real = parent == null ? absolute : parent.toRealPath().resolve(absolute.getFileName());
    } catch (IOException e) {
      return List.of();
    }
    List<Path> below = new ArrayList<>();
    for (Mount mount : read()) {
      if (mount.at().startsWith(real)) {
        below.add(0, mount.at());
      }
    }
    return below;
  }

  /**
   * @throws OverlayException where it is no such table
   */
  static List<Mount> parse(byte[] table) {
    List<Mount> mounts = new ArrayList<>();
    for (String line : new String(table, ISO_8859_1).split("\n")) {
      String[] fields = line.split(" ");
      // optional fields, as many as there are, end with a hyphen
      int end = List.of(fields).indexOf("-");
      if (end > 5 && fields.length > end + 1) {
        List<String> options =
            fields.length > end + 3 ? List.of(fields[end + 3].split(",")) : List.of();
        mounts.add(new Mount(path(fields[4]), fields[end + 1], new HashSet<>(options)));
      }
    }
    return mounts;
  }

  /**
   * Whether a process sees a directory bound somewhere. Where that cannot be told it does not.
   *
   * @param end how the path of the directory ends in its file system, without blanks
   */
  static boolean hasMounted(long pid, String end) {
    try {
      return ofProcess(pid).anyMatch(fields -> fields[3].endsWith(end));
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Whether a process sees a file system mounted that is on a device. Where that cannot be told it
   * may; a process that is gone does not.
   *
   * @param device its numbers, as {@code 7:0}
   */
  static boolean mayHaveDevice(long pid, String device) {
    try {
      return ofProcess(pid).anyMatch(fields -> fields[2].equals(device));
    } catch (AccessDeniedException e) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** The fields of each line, of which there are at least four. */
  private static Stream<String[]> ofProcess(long pid) throws IOException {
    Path table = Path.of("/proc", Long.toString(pid), "mountinfo");
    return new String(Files.readAllBytes(table), ISO_8859_1)
        .lines()
        .map(line -> line.split(" "))
        .filter(fields -> fields.length > 3);
  }

  private static Path path(String field) {
    try {
      return PathBytes.path(decode(field));
    } catch (IllegalArgumentException e) {
      throw new OverlayException(
          "cannot tell what is mounted: \"" + field + "\" in " + FILE + " is no path", e);
    }
  }

  /** Blanks, tabs, line ends and backslashes are written in octal. */
  private static byte[] decode(String field) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < field.length(); i++) {
      if (field.charAt(i) == '\\' && i + 3 < field.length()) {
        bytes.write(Integer.parseInt(field.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        bytes.write(field.charAt(i));
      }
    }
    return bytes.toByteArray();
  }
}
