package io.overlaysdk.engine;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * A layer of a store: a read-only overlay, which was the {@code upper} of some overlay until a
 * moment, or some image as a whole. It is announced before it is filled, so that nothing is lost
 * when the one who does it dies.
 *
 * @param directory where it is
 * @param id its name in the store
 * @param below the layer that it lies on; empty where that is the image itself
 * @param parent the snapshot before it; another one than {@code below} where that was flattened
 * @param back with a rollback, what the overlay lies on when this has been filled: nobody wants
 *     what is in here
 * @param taken when
 * @param message what the user says of it
 */
record Frozen(
    Path directory,
    String id,
    Optional<String> below,
    Optional<String> parent,
    Optional<String> back,
    Instant taken,
    String message) {
  /** In the directory, where an image was frozen. */
  static final String IMAGE = "image";

  /** The same image while it is still the overlay's too. */
  static final String OFFERED = ".image";

  /** One that is to be made, under a new name. */
  static Frozen now(
      LayerStore store, Optional<String> below, Optional<String> parent, String message) {
    String id = LayerStore.newId();
    Path directory = store.directory().resolve(id);
    return new Frozen(directory, id, below, parent, Optional.empty(), Instant.now(), message);
  }

  Frozen back(Optional<String> other) {
    return new Frozen(directory, id, below, parent, other, taken, message);
  }

  Frozen in(Path other) {
    return new Frozen(other, id, below, parent, back, taken, message);
  }

  /** Whether it has what makes it a layer, and not only says that it is to be one. */
  boolean isTaken() {
    return hasUpper(directory) || isFile(image());
  }

  static boolean hasUpper(Path directory) {
    return Files.isDirectory(directory.resolve("upper"), LinkOption.NOFOLLOW_LINKS);
  }

  /** Whether an image is about to become it, or has already. */
  boolean isOffered() {
    return isFile(offered());
  }

  private static boolean isFile(Path path) {
    return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS);
  }

  Path offered() {
    return directory.resolve(OFFERED);
  }

  /** Where the image of it is, if it is one. */
  Path image() {
    return directory.resolve(IMAGE);
  }

  /** What it is as an overlay that is read. */
  Path overlay() {
    return isFile(image()) ? image() : isOffered() ? offered() : directory;
  }

  ManifestFile manifest() {
    return isFile(image()) ? ManifestFile.ofImage(image()) : ManifestFile.ofDirectory(directory);
  }
}
