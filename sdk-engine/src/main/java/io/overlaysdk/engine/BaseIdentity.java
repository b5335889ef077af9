package io.overlaysdk.engine;

import io.overlaysdk.spi.ImageFacts;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What identifies a base, cheaply: of a file its size and a digest of its first 64 KiB, where a SIF
 * has its UUID, the times and sizes of all that is in it, and a file system its superblock. Of a
 * directory only where it is and its inode: nothing else of it is as good as reading it whole.
 *
 * @param location the path or URI
 * @param identity the rest, to be compared as it is
 */
record BaseIdentity(String location, String identity) {
  private static final int HEAD = 64 * 1024;

  /** Empty where the image is not there yet. */
  static Optional<BaseIdentity> of(ImageFacts image) {
    return switch (image.kind()) {
      case PENDING -> Optional.empty();
      case HOST -> Optional.of(new BaseIdentity(image.location(), "host"));
      case REMOTE -> Optional.of(new BaseIdentity(image.location(), "uri"));
      case DIRECTORY -> Optional.of(new BaseIdentity(image.location(), directory(image.path())));
      case SIF, SQUASHFS, EXT3 ->
          Optional.of(new BaseIdentity(image.location(), file(image.path())));
    };
  }

  /** A directory may have been moved, or be reached by another path. */
  boolean isSame(BaseIdentity other) {
    boolean located =
        identity.startsWith("directory ") && other.identity.startsWith("directory ")
            || identity.equals("uri");
    return located
        ? location.equals(other.location)
            || identity.equals(other.identity) && !identity.equals("uri")
        : identity.equals(other.identity);
  }

  private static String directory(Path path) {
    return "directory " + Found.at(path, Subject.IMAGE).key();
  }

  private static String file(Path path) {
    try (RawFile file = RawFile.open(Found.at(path, Subject.IMAGE))) {
      return "file " + file.size() + " " + Digests.sha256(file.read(0, HEAD));
    }
  }
}
