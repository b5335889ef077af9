package io.overlaysdk.engine;

import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * A file or directory that is made beside its place, and appears there when it is complete.
 *
 * @param target where it is to be; nothing is there
 * @param partial where it is made, a hidden name in the same directory
 */
record NewFile(Path target, Path partial) {
  private static final Pattern PARTIAL =
      Pattern.compile("\\..+\\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  /**
   * @throws InvalidSpecException where something is there, or nothing can be made there
   */
  static NewFile at(Path file) {
    OverlayMaker.requireFree(file);
    return of(file);
  }

  /** One that may take the place of another. */
  static NewFile of(Path file) {
    Path target = file.toAbsolutePath().normalize();
    return new NewFile(
        target, target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID()));
  }

  /** Where another file in this directory is made that belongs to it. */
  Path partialOf(Path other) {
    String name = partial.getFileName().toString();
    String id = name.substring(target.getFileName().toString().length() + 1);
    return partial.resolveSibling("." + other.getFileName() + id);
  }

  /** Whether its name is one of those that are given to what is not complete. */
  static boolean isPartial(Path path) {
    return PARTIAL.matcher(String.valueOf(path.getFileName())).matches();
  }

  /** Has it on disk when this returns. */
  void sync() {
    try (FileChannel channel = FileChannel.open(partial, StandardOpenOption.WRITE)) {
      channel.force(true);
    } catch (IOException e) {
      throw new OverlayException("cannot make " + target + ": " + e, e);
    }
  }

  /** Puts a file into its place; what has come there meanwhile stays. */
  void appear() {
    try {
      // a move would replace what is there
      Files.createLink(target, partial);
    } catch (FileAlreadyExistsException e) {
      throw new InvalidSpecException(
          "cannot make " + target + ": something is there; choose another path", e);
    } catch (IOException | UnsupportedOperationException e) {
      moveWithoutLinks(e);
    }
  }

  /** On a file system that gives a file one name only, such as vfat. */
  private void moveWithoutLinks(Exception cause) {
    try {
      OverlayMaker.requireFree(target);
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      e.addSuppressed(cause);
      throw new OverlayException("cannot make " + target + ": " + e, e);
    }
  }
}
