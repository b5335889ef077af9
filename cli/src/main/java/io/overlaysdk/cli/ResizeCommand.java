package io.overlaysdk.cli;

import io.overlaysdk.ImageSize;
import io.overlaysdk.InvalidSpecException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay resize}: a larger or smaller ext3 overlay. */
@Command(
    name = "resize",
    description = {
      "Makes an ext3 overlay larger or smaller.",
      "Its inodes grow and shrink with it, unless their number is given: then the image is made"
          + " anew, and what is in it copied as it is.",
      ""
    })
final class ResizeCommand implements Runnable {
  private final OpenSdk sdk;

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      converter = Amount.OfBytes.class,
      description = "The new size, as in 2G; as it is unless set.")
  private Long size;

  @Option(
      names = "--inodes",
      paramLabel = "N",
      description = "How many files and directories it can hold from now on.")
  private Long inodes;

  @Spec private CommandSpec spec;

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
    if (size == null && inodes == null) {
      throw new ParameterException(
          spec.commandLine(), "what is to change? give --size, --inodes or both");
    }
    long bytes = size == null ? now() : size;
    ImageSize wanted = ImageSize.of(bytes);
    sdk.get().resizeOverlay(path, inodes == null ? wanted : wanted.inodes(inodes));
  }

  private long now() {
    return sdk.get()
        .info(path)
        .bytes()
        .orElseThrow(
            () ->
                new InvalidSpecException(
                    "the overlay " + path + " is a directory: it has no size of its own"));
  }
}
