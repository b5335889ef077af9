package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers the SHA-256 of images that are files, by inode, size and times. Of a directory nothing
 * is remembered: nothing cheap tells that something deep in it has changed.
 */
final class DigestMemory {
  private static final Logger LOG = LoggerFactory.getLogger(DigestMemory.class);

  private final Path directory;

  /**
   * @param directory of this user alone; made when something is remembered
   */
  DigestMemory(Path directory) {
    this.directory = directory;
  }

  /** The digest of an image, which is remembered from now on. */
  String ofImage(Path image) {
    if (Files.isDirectory(image)) {
      return Digests.ofImage(image);
    }
    String state = state(image);
    Optional<String> known = known(state);
    if (known.isPresent()) {
      return known.get();
    }
    String digest = Digests.ofImage(image);
    if (state.equals(state(image))) {
      write(file(state), digest);
    }
    return digest;
  }

  /** The digest of an image that is a file, if it is remembered. */
  Optional<String> known(Path image) {
    return known(state(image));
  }

  private Optional<String> known(String state) {
    Path file = file(state);
    try {
      PrivateDirectory.require(directory);
      if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        return Optional.of(Files.readString(file)).filter(text -> text.matches("[0-9a-f]{64}"));
      }
    } catch (IOException | OverlayException e) {
      LOG.debug("a digest that is remembered is not used", e);
    }
    return Optional.empty();
  }

  private Path file(String state) {
    return directory.resolve(Digests.sha256(ByteBuffer.wrap(state.getBytes(UTF_8))));
  }

  private static String state(Path image) {
    try {
      return image
          + " "
          + new TreeMap<>(Files.readAttributes(image, "unix:dev,ino,size,lastModifiedTime,ctime"));
    } catch (IOException e) {
      throw new OverlayException("cannot look at " + image + ": " + e, e);
    }
  }

  /** Where nothing can be written, it is found out anew next time. */
  private void write(Path file, String digest) {
    Path partial = directory.resolve(".partial-" + UUID.randomUUID());
    try {
      PrivateDirectory.make(directory);
      Files.writeString(partial, digest);
      Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | OverlayException e) {
      LOG.debug("the digest of an image is not remembered in {}: {}", directory, e.toString());
    }
  }
}
