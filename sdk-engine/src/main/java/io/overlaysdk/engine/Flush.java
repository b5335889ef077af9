package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Brings what was written to an overlay onto the disk. */
final class Flush {
  /** What writing to a slow disk may take. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final Host host;
  private final Launcher launcher;

  Flush(Host host, Launcher launcher) {
    this.host = host;
    this.launcher = launcher;
  }

  /**
   * Of a directory, all that the file system holds which it lies on, because nothing else is asked
   * for in one call.
   *
   * @param overlay an image that nothing has mounted, or a directory
   * @throws OverlayException where it cannot be done
   */
  void overlay(Path overlay) {
    if (Files.isDirectory(overlay)) {
      directory(overlay);
      return;
    }
    // another descriptor of it would drop the lock that this JVM has on it
    try (OpenFile image = OpenFile.at(overlay)) {
      image.force();
    } catch (IOException e) {
      throw new OverlayException("cannot bring " + overlay + " onto the disk: " + e, e);
    }
  }

  private void directory(Path overlay) {
    Path sync = Programs.require(host, "sync", "bring " + overlay + " onto the disk");
    Launcher.Outcome outcome =
        launcher.run(
            Invocation.of(sync, List.of("-f", overlay.toString())),
            Launcher.Terms.within(PATIENCE));
    if (outcome.timedOut() || outcome.status() != 0) {
      throw new OverlayException(
          "cannot bring "
              + overlay
              + " onto the disk: "
              + (outcome.timedOut() ? "sync did not end" : outcome.errorText().strip()));
    }
  }
}
