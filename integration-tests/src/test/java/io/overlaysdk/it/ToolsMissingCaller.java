package io.overlaysdk.it;

import io.overlaysdk.Configuration;
import io.overlaysdk.Image;
import io.overlaysdk.NoBackendException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.SessionSpec;
import java.nio.file.Path;

/** A program that uses the SDK on a machine without any tool. */
final class ToolsMissingCaller {
  private ToolsMissingCaller() {}

  /** Prints why no backend can run a session. */
  public static void main(String[] arguments) {
    try (OverlaySdk sdk = OverlaySdk.open(Configuration.defaults())) {
      sdk.start(SessionSpec.on(Image.at(Path.of(arguments[0]))));
    } catch (NoBackendException e) {
      System.out.print(e.getMessage());
    }
  }
}
