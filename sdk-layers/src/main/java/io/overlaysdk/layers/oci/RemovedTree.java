package io.overlaysdk.layers.oci;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Takes away what a failed import made, whatever modes its directories had got by then. */
final class RemovedTree {
  private RemovedTree() {}

  /** Removes a tree; what cannot be removed is told with the failure that led here. */
  static void remove(Path tree, Throwable failure) {
    try {
      remove(tree);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
  }

  private static void remove(Path file) throws IOException {
    if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(file)) {
        for (Path entry : entries) {
          remove(entry);
        }
      } catch (DirectoryIteratorException e) {
        throw e.getCause();
      }
    }
    Files.deleteIfExists(file);
  }
}
