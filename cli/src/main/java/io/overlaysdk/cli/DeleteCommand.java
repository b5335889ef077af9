package io.overlaysdk.cli;

import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code overlay delete}: deletes an overlay. */
@Command(
    name = "delete",
    description = {
      "Deletes an overlay with all changes in it, and the layers that no other overlay needs.",
      "",
      "Deletes also what fakeroot has left, which belongs to other users on the host.",
      ""
    })
final class DeleteCommand implements Runnable {
  private final OpenSdk sdk;

  @Parameters(
      paramLabel = "OVERLAY",
      converter = Converters.OfPath.class,
      description = "A directory or an ext3 image that no session uses.")
  private Path path;

  DeleteCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    sdk.get().deleteOverlay(path);
  }
}
