package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Makes empty {@code upper} directories that look like the root of the layer below them. */
final class Uppers {
  /** Attributes of the drivers, without the {@code user.} in front. */
  private static final List<String> INTERNAL =
      List.of("overlay.", "fuseoverlayfs.", "containers.override_");

  private Uppers() {}

  /**
   * @param overlay in which it is made
   * @param below the layer; empty where the overlay lies on the image itself
   */
  static void make(Path overlay, Optional<Path> below) {
    Path made = overlay.resolve(".upper." + UUID.randomUUID());
    try {
      Files.createDirectory(made);
      if (below.isPresent()) {
        imitate(below.get().resolve("upper"), made);
      } else {
        Modes.set(made, 0755);
      }
      Files.move(made, overlay.resolve("upper"), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      OverlayException failure =
          new OverlayException("cannot make the upper of " + overlay + ": " + e, e);
      try {
        Deletion.tree(made);
      } catch (IOException left) {
        failure.addSuppressed(left);
      }
      throw failure;
    }
  }

  /**
   * @param name without the {@code user.} in front
   */
  static boolean isInternal(String name) {
    return INTERNAL.stream().anyMatch(name::startsWith);
  }

  private static void imitate(Path layer, Path made) throws IOException {
    for (String owner : List.of("unix:uid", "unix:gid")) {
      Object id = Files.getAttribute(layer, owner, LinkOption.NOFOLLOW_LINKS);
      if (!id.equals(Files.getAttribute(made, owner))) {
        Files.setAttribute(made, owner, id);
      }
    }
    UserDefinedFileAttributeView from =
        Files.getFileAttributeView(layer, UserDefinedFileAttributeView.class);
    UserDefinedFileAttributeView to =
        Files.getFileAttributeView(made, UserDefinedFileAttributeView.class);
    for (String name : from.list()) {
      if (!isInternal(name)) {
        ByteBuffer value = ByteBuffer.allocate(from.size(name));
        from.read(name, value);
        to.write(name, value.flip());
      }
    }
    int mode = (int) Files.getAttribute(layer, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    Modes.set(made, mode & 07777);
  }
}
