package io.overlaysdk.cli;

import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay unpack}: the overlay that was packed. */
@Command(
    name = "unpack",
    description = {
      "Makes the overlay again that overlay pack wrote, when all of it is checked.",
      ""
    },
    customSynopsis = "overlay unpack FILE OVERLAY")
final class UnpackCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "FILE",
      converter = Converters.OfPath.class,
      description = "What overlay pack wrote.")
  private Path file;

  @Parameters(
      index = "1",
      paramLabel = "OVERLAY",
      converter = Converters.OfPath.class,
      description = "Where the overlay is to be; nothing may be there.")
  private Path overlay;

  UnpackCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    spec.commandLine()
        .getOut()
        .println("unpacked " + file + " to " + sdk.get().unpack(file, overlay));
  }
}
