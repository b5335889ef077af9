package example.library;

import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.nio.file.Path;

/** Changes a file of an image in a new overlay, and reads it back: IMAGE OVERLAY. */
public final class Greeting {
  private Greeting() {}

  /** The image to run on, and the directory of the overlay that is made. */
  public static void main(String[] arguments) {
    Path image = Path.of(arguments[0]);
    Path overlay = Path.of(arguments[1]);
    // readme:start
    try (OverlaySdk sdk = OverlaySdk.open()) {
      Overlay mine = sdk.createOverlay(overlay);
      SessionSpec spec = SessionSpec.on(Image.at(image)).overlay(mine);
      try (Session session = sdk.start(spec)) {
        session.run("sh", "-c", "echo Hello from the overlay! > /app/message.txt").orThrow();
        System.out.print(session.run("cat", "/app/message.txt").orThrow().stdout());
      }
    }
    // readme:end
  }
}
