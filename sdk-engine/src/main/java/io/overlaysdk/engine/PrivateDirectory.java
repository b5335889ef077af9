package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;

/**
 * Directories whose content is believed: on its word processes are ended, trees deleted and images
 * used. As ssh has it for its files, nobody else may write to them, nor to what they lie in.
 */
final class PrivateDirectory {
  private static final int STICKY = 01000;
  private static final int WRITE_OF_GROUP = 020;
  private static final int WRITE_OF_OTHERS = 02;

  /** What the kernel shows for owners that have no id in a user namespace (proc(5)). */
  private static final int NOBODY = 65534;

  private PrivateDirectory() {}

  /**
   * Makes it where it is not there, with what it lies in.
   *
   * @throws OverlayException where somebody else may write to it
   */
  static void make(Path directory) throws IOException {
    Files.createDirectories(directory, Modes.PRIVATE);
    require(directory);
  }

  /**
   * @throws OverlayException where it is there and somebody else may write to it
   */
  static void require(Path directory) {
    if (!Files.exists(directory)) {
      return;
    }
    try {
      Path real = directory.toRealPath();
      require(real, real, false);
      requireAround(real);
    } catch (IOException e) {
      throw new OverlayException("cannot look at " + directory + ": " + e, e);
    }
  }

  /**
   * Whoever may rename it could put another one in its place.
   *
   * @throws OverlayException where somebody else may write to what it lies in
   */
  static void requireAround(Path directory) throws IOException {
    Path parent = directory.toAbsolutePath().getParent();
    Path outer = parent == null ? null : parent.toRealPath();
    for (; outer != null; outer = outer.getParent()) {
      require(outer, directory, true);
    }
  }

  @SuppressWarnings("NullAway") // each attribute that was asked for is there
  private static void require(Path path, Path asked, boolean mayBeSticky) throws IOException {
    Map<String, Object> found =
        Files.readAttributes(path, "unix:mode,uid", LinkOption.NOFOLLOW_LINKS);
    int uid = (int) found.get("uid");
    int mode = (int) found.get("mode");
    boolean unmapped = uid == NOBODY && mayBeSticky && !mapsNobody();
    if (uid != 0 && !unmapped && uid != self()) {
      throw refused(path, asked, "it belongs to the user with the id " + uid);
    }
    boolean shared =
        (mode & WRITE_OF_OTHERS) != 0 || (mode & WRITE_OF_GROUP) != 0 && !isOwnGroup(path);
    if (shared && !(mayBeSticky && (mode & STICKY) != 0)) {
      throw refused(path, asked, String.format("others may write to it (mode %04o)", mode & 07777));
    }
  }

  private static OverlayException refused(Path path, Path asked, String problem) {
    String where = path.equals(asked) ? "" : ", which " + asked + " lies in";
    return new OverlayException(
        "will not trust what is in "
            + path
            + where
            + ": "
            + problem
            + "; take that right away (chmod go-w), or configure a directory of your own");
  }

  /** Where each user has a group, directories are often open to it. */
  @SuppressWarnings("NullAway") // each attribute that was asked for is there
  private static boolean isOwnGroup(Path path) throws IOException {
    Map<String, Object> names =
        Files.readAttributes(path, "posix:owner,group", LinkOption.NOFOLLOW_LINKS);
    return names.get("group").toString().equals(names.get("owner").toString())
        || names.get("group").toString().equals("root");
  }

  /** Whether an owner of that id is the user nobody, as he is in the first user namespace. */
  private static boolean mapsNobody() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/uid_map"))) {
      String[] numbers = line.strip().split("\\s+");
      long first = Long.parseLong(numbers[0]);
      if (first <= NOBODY && NOBODY < first + Long.parseLong(numbers[2])) {
        return true;
      }
    }
    return false;
  }

  private static int self() throws IOException {
    return (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
  }
}
