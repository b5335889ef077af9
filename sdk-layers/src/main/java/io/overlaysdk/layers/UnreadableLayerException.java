package io.overlaysdk.layers;

import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Path;

/** A layer, or a part of it, cannot be read by this process. Nothing was guessed in its place. */
public final class UnreadableLayerException extends OverlayException {
  private static final long serialVersionUID = 1;

  private final transient Path file;

  public UnreadableLayerException(Path file, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.file = file;
  }

  static UnreadableLayerException of(String doing, Path file, @Nullable IOException cause) {
    String remedy =
        cause instanceof AccessDeniedException
            ? "; read the overlay as the user who owns the file, or in the user namespace that it"
                + " was written in"
            : "";
    return new UnreadableLayerException(
        file, doing + " \"" + file + "\" in a layer failed: " + cause + remedy, cause);
  }

  /** What could not be read, on the host. */
  public Path file() {
    return file;
  }
}
