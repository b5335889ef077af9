package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** File modes with the bits that {@link java.nio.file.attribute.PosixFilePermission} lacks. */
final class Modes {
  private Modes() {}

  /** Sets the mode where the file is there. */
  static void set(Path file, int mode) {
    if (!Files.exists(file)) {
      return;
    }
    try {
      Files.setAttribute(file, "unix:mode", mode);
    } catch (IOException e) {
      throw new OverlayException("cannot set the mode of " + file + ": " + e, e);
    }
  }
}
