package io.overlaysdk.engine;

import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * A file that is written beside its place, and appears there when it is complete.
 *
 * @param target where it is to be; nothing is there
 * @param partial where it is written
 */
record NewFile(Path target, Path partial) implements AutoCloseable {

  /**
   * @throws InvalidSpecException where something is there, or nothing can be made there
   */
  static NewFile at(Path file) {
    OverlayMaker.requireFree(file);
    Path target = file.toAbsolutePath().normalize();
    return new NewFile(target, beside(target));
  }

  /** A hidden name in the same directory. */
  static Path beside(Path target) {
    return target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID());
  }

  /** Puts it into its place, when it is on disk; what has come there meanwhile stays. */
  void appear() {
    try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
      channel.force(true);
      // a move would replace what is there
      Files.createLink(target, partial);
    } catch (FileAlreadyExistsException e) {
      throw new InvalidSpecException(
          "cannot make " + target + ": something is there; choose another path", e);
    } catch (IOException e) {
      throw new OverlayException("cannot make " + target + ": " + e, e);
    }
  }

  /** Takes away what was written beside it. */
  @Override
  public void close() {
    try {
      Files.deleteIfExists(partial);
    } catch (IOException e) {
      throw new OverlayException("cannot delete " + partial + ": " + e, e);
    }
  }
}
