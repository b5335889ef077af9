package io.overlaysdk.engine;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;

/**
 * Deletes trees that somebody else may have filled. Every name is looked up in the directory that
 * is open, never by a path, so that no link that is planted meanwhile leads out.
 */
final class Deletion {
  private static final Set<PosixFilePermission> OPEN =
      EnumSet.of(
          PosixFilePermission.OWNER_READ,
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.OWNER_EXECUTE);

  private Deletion() {}

  /** Deletes {@code root} and all in it; nothing where it is not there. */
  static void tree(Path root) throws IOException {
    if (!Files.isDirectory(root, NOFOLLOW_LINKS)) {
      Files.deleteIfExists(root);
      return;
    }
    try {
      Files.setPosixFilePermissions(root, OPEN);
    } catch (NoSuchFileException e) {
      return;
    }
    try (DirectoryStream<Path> directory = Files.newDirectoryStream(root)) {
      contents(secure(directory));
    }
    Files.delete(root);
  }

  private static void contents(SecureDirectoryStream<Path> directory) throws IOException {
    for (Path entry : directory) {
      Path name = entry.getFileName();
      boolean isDirectory =
          directory
              .getFileAttributeView(name, BasicFileAttributeView.class, NOFOLLOW_LINKS)
              .readAttributes()
              .isDirectory();
      if (isDirectory && !deletedEmpty(directory, name)) {
        directory.getFileAttributeView(name, PosixFileAttributeView.class).setPermissions(OPEN);
        try (SecureDirectoryStream<Path> inner =
            directory.newDirectoryStream(name, NOFOLLOW_LINKS)) {
          contents(inner);
        }
        directory.deleteDirectory(name);
      } else if (!isDirectory) {
        directory.deleteFile(name);
      }
    }
  }

  /** The kernel leaves its work directory with mode 000, which Java cannot open to change it. */
  private static boolean deletedEmpty(SecureDirectoryStream<Path> directory, Path name)
      throws IOException {
    try {
      directory.deleteDirectory(name);
      return true;
    } catch (DirectoryNotEmptyException e) {
      return false;
    }
  }

  private static SecureDirectoryStream<Path> secure(DirectoryStream<Path> directory) {
    if (directory instanceof SecureDirectoryStream<Path> secure) {
      return secure;
    }
    throw new UnsupportedOperationException("this platform cannot delete a tree safely");
  }
}
