package io.overlaysdk.it.processes;

import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import java.nio.file.Path;

/** A program that is in the middle of a command when it is killed. */
final class SessionProgram {
  private SessionProgram() {}

  /** Arguments: the directory of the {@link Site}, the backend, the overlay, the script to run. */
  public static void main(String[] args) {
    Site site = Site.at(Path.of(args[0]));
    try (OverlaySdk sdk = site.open();
        Session session = sdk.start(site.on(args[1]).overlay(Overlay.at(Path.of(args[2]))))) {
      session.run("sh", "-c", args[3]);
    }
  }
}
