package io.overlaysdk.cli;

import io.overlaysdk.Access;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The writable overlay of a session, where none is there yet: a directory that is to be made. */
final class MissingOverlay {
  /** Who names a file so means an image of a size that only he knows, or has mistyped its name. */
  /** What the SDK writes into a directory overlay of itself. */
  private static final List<String> NOTES = List.of("overlay.json", "overlay.lock");

  private static final List<String> NAMES_OF_FILES =
      List.of(".img", ".ext3", ".sqfs", ".squashfs", ".sif");

  private MissingOverlay() {}

  /**
   * Where it is to be made, if it is missing.
   *
   * @throws InvalidSpecException where its name is that of an image file
   */
  static Optional<Path> of(SessionSpec session) {
    Optional<Path> missing =
        session.overlays().stream()
            .filter(overlay -> overlay.access() == Access.READ_WRITE)
            .flatMap(overlay -> overlay.path().stream())
            .filter(path -> !Files.exists(path, LinkOption.NOFOLLOW_LINKS))
            .findFirst();
    missing.ifPresent(MissingOverlay::refuseFile);
    return missing;
  }

  private static void refuseFile(Path path) {
    if (NAMES_OF_FILES.stream().anyMatch(path.toString()::endsWith)) {
      throw new InvalidSpecException(
          "there is no overlay at "
              + path
              + ": make it first, with overlay create --size 1G "
              + path
              + "; only a directory is made without being asked for");
    }
  }

  /** Opens the session, on an overlay that is made first where it is missing. */
  static Session start(OverlaySdk sdk, SessionSpec session) {
    return start(sdk, session, () -> sdk.start(session));
  }

  /** The same, for a session that stays under this name. */
  static Session start(OverlaySdk sdk, SessionSpec session, String name) {
    return start(sdk, session, () -> sdk.start(name, session));
  }

  private static Session start(OverlaySdk sdk, SessionSpec session, Supplier<Session> opening) {
    Optional<Path> missing = of(session);
    missing.ifPresent(sdk::createOverlay);
    try {
      return opening.get();
    } catch (OverlayException e) {
      missing.ifPresent(path -> takeBack(path, e));
      throw e;
    }
  }

  /** No session came of it, so it is empty; where it is not, it is not ours alone, and stays. */
  private static void takeBack(Path path, OverlayException reason) {
    try {
      Files.deleteIfExists(path.resolve("upper"));
      Files.deleteIfExists(path.resolve("work"));
      for (String note : NOTES) {
        Files.deleteIfExists(path.resolve(note));
      }
      Files.deleteIfExists(path);
    } catch (IOException e) {
      reason.addSuppressed(e);
    }
  }
}
