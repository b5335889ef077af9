package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** File modes with the bits that {@link java.nio.file.attribute.PosixFilePermission} lacks. */
final class Modes {
  /** For a directory that is made, from its first moment on. */
  static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private Modes() {}

  /** The mode without the kind. */
  static int of(Path file) {
    try {
      return (int) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 07777;
    } catch (IOException e) {
      throw new OverlayException("cannot read the mode of " + file + ": " + e, e);
    }
  }

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
