package io.overlaysdk.engine;

import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Step;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;

/** A copy of an image file beside it, which takes its place or is deleted. */
final class ImageCopy implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofHours(1);
  private static final String STATE = "unix:ino,size,lastModifiedTime,ctime";

  private final Path original;
  private final Scratch scratch;
  private final Path path;
  private final Object before;

  private ImageCopy(Path original, Scratch scratch) {
    this.original = original;
    this.scratch = scratch;
    this.path = scratch.beside(original);
    this.before = state(original);
  }

  /** One that is not there yet, for whoever makes it in another way. */
  static ImageCopy beside(Path original, Function<String, Scratch> scratches) {
    Scratch scratch = scratches.apply("copy of " + original);
    try {
      return new ImageCopy(original, scratch);
    } catch (RuntimeException e) {
      scratch.closeAfter(e);
      throw e;
    }
  }

  static ImageCopy of(Path original, Host host, Function<String, Scratch> scratches) {
    Scratch scratch = scratches.apply("copy of " + original);
    try {
      ImageCopy copy = new ImageCopy(original, scratch);
      copy.make(host);
      return copy;
    } catch (RuntimeException e) {
      scratch.closeAfter(e);
      throw e;
    }
  }

  /** cp knows holes, which Java would fill. */
  private void make(Host host) {
    scratch.perform(
        new Step.Run(
            "copy the overlay " + original,
            Invocation.of(
                host.find("cp").orElse(Path.of("/bin/cp")),
                List.of(
                    "--sparse=always",
                    "--reflink=auto",
                    "--preserve=mode,ownership",
                    "--",
                    original.toString(),
                    path.toString()))),
        LIMIT);
  }

  private static Object state(Path file) {
    try {
      return Files.readAttributes(file, STATE, LinkOption.NOFOLLOW_LINKS);
    } catch (IOException e) {
      throw new OverlayException("cannot look at " + file + ": " + e, e);
    }
  }

  Path path() {
    return path;
  }

  /**
   * Puts the copy in the place of the original, when it is sound and on disk.
   *
   * @throws OverlayBusyException where somebody has written to the original since it was begun
   */
  void replace() {
    if (!state(original).equals(before)) {
      throw new OverlayBusyException(original, "another process, which wrote to it");
    }
    new OverlayReader().read(Overlay.at(path));
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
      file.force(true);
      Files.move(path, original, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new OverlayException("cannot replace " + original + ": " + e, e);
    }
  }

  /** Lasts as long as the copy. */
  Scratch scratch() {
    return scratch;
  }

  @Override
  public void close() {
    scratch.close();
  }
}
