package io.overlaysdk.engine;

import io.overlaysdk.InvalidSpecException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;

/**
 * What lies at a path, found without opening it: a regular file or a directory, and this process
 * may read it.
 *
 * @param subject what it was named as
 * @param path where it is, absolute, links resolved
 * @param directory whether it is a directory; else it is a regular file
 * @param size of the file in bytes
 * @param key what identifies it on this machine, by whatever path it is reached
 * @param owner the user id that owns it
 */
record Found(Subject subject, Path path, boolean directory, long size, Object key, int owner) {
  private static final String ATTRIBUTES =
      "unix:isDirectory,isRegularFile,size,fileKey,uid,mode,permissions";
  private static final int TYPE = 0170000;

  /**
   * @throws InvalidSpecException where nothing is there, where it is neither file nor directory, or
   *     where it cannot be read
   */
  @SuppressWarnings("NullAway") // each attribute that was asked for is there
  static Found at(Path asked, Subject subject) {
    Path absolute = asked.toAbsolutePath();
    try {
      Path real = absolute.toRealPath();
      Map<String, Object> attributes = Files.readAttributes(real, ATTRIBUTES);
      boolean directory = (boolean) attributes.get("isDirectory");
      if (!directory && !(boolean) attributes.get("isRegularFile")) {
        throw special(subject, real, (int) attributes.get("mode"));
      }
      if (!Files.isReadable(real) || (directory && !Files.isExecutable(real))) {
        throw unreadable(subject, real, attributes);
      }
      return new Found(
          subject,
          real,
          directory,
          (long) attributes.get("size"),
          attributes.get("fileKey"),
          (int) attributes.get("uid"));
    } catch (NoSuchFileException e) {
      throw missing(subject, absolute, e);
    } catch (AccessDeniedException e) {
      throw new InvalidSpecException(
          "the "
              + subject
              + " "
              + absolute
              + " cannot be reached: one of its directories does not let this user through; ask its"
              + " owner for x permission on "
              + parent(absolute)
              + " and above, or copy it elsewhere",
          e);
    } catch (IOException e) {
      throw new InvalidSpecException(
          "the " + subject + " " + absolute + " cannot be looked up: " + e.getMessage(), e);
    }
  }

  private static InvalidSpecException missing(Subject subject, Path path, IOException cause) {
    String found;
    if (Files.isSymbolicLink(path)) {
      found = "there is a link, and what it leads to is missing";
    } else if (Files.isDirectory(parent(path))) {
      found = "its directory is there, but holds no such name";
    } else {
      found = "its directory is not there either";
    }
    return new InvalidSpecException(
        "there is no " + subject + " at " + path + ": " + found + "; correct the path", cause);
  }

  private static Path parent(Path path) {
    Path parent = path.getParent();
    return parent == null ? path : parent;
  }

  private static InvalidSpecException special(Subject subject, Path path, int mode) {
    String kind =
        switch (mode & TYPE) {
          case 0010000 -> "a named pipe";
          case 0020000 -> "a character device";
          case 0060000 -> "a block device";
          case 0140000 -> "a socket";
          default -> "neither a file nor a directory";
        };
    return new InvalidSpecException(
        "the " + subject + " " + path + " is " + kind + "; give a regular file or a directory");
  }

  private static InvalidSpecException unreadable(
      Subject subject, Path path, Map<String, Object> attributes) {
    @SuppressWarnings("unchecked")
    Set<PosixFilePermission> permissions = (Set<PosixFilePermission>) attributes.get("permissions");
    return new InvalidSpecException(
        "the "
            + subject
            + " "
            + path
            + " cannot be read by this user: it belongs to user id "
            + attributes.get("uid")
            + " and its permissions are "
            + PosixFilePermissions.toString(permissions)
            + "; ask the owner to allow reading, such as with chmod a+rX");
  }
}
