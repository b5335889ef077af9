package io.overlaysdk.cli;

import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code overlay resize}: a larger or smaller ext3 overlay. */
@Command(
    name = "resize",
    description = {
      "Makes an ext3 overlay larger or smaller; its inodes grow and shrink with it.",
      ""
    })
final class ResizeCommand implements Runnable {
  private final OpenSdk sdk;

  @Option(
      names = "--size",
      required = true,
      paramLabel = "SIZE",
      converter = Amount.OfBytes.class,
      description = "The new size, as in 2G.")
  private long size;

  @Parameters(
      paramLabel = "OVERLAY",
      converter = Converters.OfPath.class,
      description = "An ext3 image.")
  private Path path;

  ResizeCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    sdk.get().resizeOverlay(path, size);
  }
}
