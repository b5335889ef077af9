package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.ImageFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a policy has allowed, and the state in which it was looked at.
 *
 * @param image the image that must stay as it is; empty where no rule depends on what it is
 * @param state of that image
 * @param policies each in one line, for people
 */
record Admission(Optional<Path> image, String state, List<String> policies) {
  private static final String OF_DIRECTORY = "unix:dev,ino,uid";
  private static final String OF_FILE = "unix:dev,ino,uid,size,lastModifiedTime,ctime";

  /** An image that is looked at from now on. */
  static Admission of(ImageFacts image, List<String> policies) {
    return new Admission(Optional.of(image.path()), state(image.path()), policies);
  }

  /**
   * Whoever may write to an image, or to a directory above it, can exchange it after it was looked
   * at. This is asked before each container, so that little time is left for that.
   *
   * @throws OverlayException where it is no longer what was allowed
   */
  void requireUnchanged() {
    image
        .filter(path -> !state.equals(state(path)))
        .ifPresent(
            path -> {
              throw new OverlayException(
                  "the image "
                      + path
                      + " is another one than the policy has allowed: somebody has changed or"
                      + " exchanged it since; start again when nobody does");
            });
  }

  /** Of a directory little can be told: what lies deep in it may change unseen. */
  private static String state(Path path) {
    try {
      boolean directory = Files.isDirectory(path);
      return path.toRealPath()
          + " "
          + new TreeMap<>(Files.readAttributes(path, directory ? OF_DIRECTORY : OF_FILE));
    } catch (IOException e) {
      return "gone: " + e;
    }
  }
}
