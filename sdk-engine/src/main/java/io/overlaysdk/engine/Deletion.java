package io.overlaysdk.engine;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.Set;
import java.util.UUID;

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

  /** How many directories are open at a time: a tree may be deeper than descriptors there are. */
  private static final int MOST_OPEN = 50;

  private final SecureDirectoryStream<Path> top;

  /** What lay too deep, and lies in {@link #top} now. */
  private final Deque<Path> moved = new ArrayDeque<>();

  private Deletion(SecureDirectoryStream<Path> top) {
    this.top = top;
  }

  /** Deletes {@code root} and all in it; nothing where it is not there. */
  static void tree(Path root) throws IOException {
    Path path = root.toAbsolutePath();
    if (!Files.isDirectory(path, NOFOLLOW_LINKS)) {
      Files.deleteIfExists(path);
      return;
    }
    try (DirectoryStream<Path> parent = Files.newDirectoryStream(path.getParent())) {
      delete(secure(parent), path.getFileName());
    }
  }

  /** Likewise of a directory in one that is open. */
  static void delete(SecureDirectoryStream<Path> parent, Path root) throws IOException {
    if (isDeletedEmpty(parent, root)) {
      return;
    }
    open(parent, root);
    try (SecureDirectoryStream<Path> top = parent.newDirectoryStream(root, NOFOLLOW_LINKS)) {
      new Deletion(top).all();
    }
    parent.deleteDirectory(root);
  }

  private void all() throws IOException {
    contents(top, 1);
    while (!moved.isEmpty()) {
      Path name = moved.pop();
      try (SecureDirectoryStream<Path> inner = top.newDirectoryStream(name, NOFOLLOW_LINKS)) {
        contents(inner, 1);
      }
      top.deleteDirectory(name);
    }
  }

  private void contents(SecureDirectoryStream<Path> directory, int depth) throws IOException {
    Iterator<Path> entries = directory.iterator();
    while (Listings.hasNext(entries)) {
      Path name = entries.next().getFileName();
      if (moved.contains(name)) {
        continue;
      }
      if (!isDirectory(directory, name)) {
        directory.deleteFile(name);
      } else if (!isDeletedEmpty(directory, name)) {
        open(directory, name);
        if (depth == MOST_OPEN) {
          Path aside = Path.of(UUID.randomUUID().toString());
          directory.move(name, top, aside);
          moved.push(aside);
        } else {
          try (SecureDirectoryStream<Path> inner =
              directory.newDirectoryStream(name, NOFOLLOW_LINKS)) {
            contents(inner, depth + 1);
          }
          directory.deleteDirectory(name);
        }
      }
    }
  }

  private static boolean isDirectory(SecureDirectoryStream<Path> directory, Path name)
      throws IOException {
    return directory
        .getFileAttributeView(name, BasicFileAttributeView.class, NOFOLLOW_LINKS)
        .readAttributes()
        .isDirectory();
  }

  /** Without a link followed, should one have taken its place. */
  private static void open(SecureDirectoryStream<Path> directory, Path name) throws IOException {
    directory
        .getFileAttributeView(name, PosixFileAttributeView.class, NOFOLLOW_LINKS)
        .setPermissions(OPEN);
  }

  /** The kernel leaves its work directory with mode 000, which Java cannot open to change it. */
  private static boolean isDeletedEmpty(SecureDirectoryStream<Path> directory, Path name)
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
