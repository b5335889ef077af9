package io.overlaysdk.cli;

import io.overlaysdk.Access;
import io.overlaysdk.Command;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.workflow.Expectation;
import io.overlaysdk.workflow.Step;
import io.overlaysdk.workflow.Workflow;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The writable overlay of a session, where none is there yet: a directory that is to be made. */
final class MissingOverlay {
  /** Who names a file so means an image of a size that only he knows, or has mistyped its name. */
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
    of(session).ifPresent(path -> make(sdk, session, path));
    return opening.get();
  }

  /**
   * What cannot work fails before anything is made: an overlay that is there may be in use at once,
   * by whoever waited for it, and cannot be taken back.
   */
  private static void make(OverlaySdk sdk, SessionSpec session, Path path) {
    sdk.explain(coming(path, session, Command.of("true")));
    try {
      sdk.createOverlay(path);
    } catch (OverlayException e) {
      // somebody else was faster, and has it, or will let go of it
      if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
        throw e;
      }
    }
  }

  /** What is made where it is missing, and run then. */
  static Workflow coming(Path path, SessionSpec session, Command command) {
    return new Workflow(
        "exec",
        List.of(
            new Step.Create("make the overlay " + path, path, 0, Step.Existing.REFUSE),
            new Step.Run("run " + command, session, List.of(command), Expectation.success())));
  }
}
