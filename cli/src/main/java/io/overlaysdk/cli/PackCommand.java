package io.overlaysdk.cli;

import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay pack}: an overlay in one file, to be moved. */
@Command(
    name = "pack",
    description = {
      "Writes an overlay that no session uses, with all that belongs to it, to one file, to be moved to"
          + " another file system or machine. The overlay stays as it is.",
      ""
    },
    customSynopsis = "overlay pack OVERLAY FILE")
final class PackCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "OVERLAY",
      converter = Converters.OfPath.class,
      description = "A directory or an ext3 image.")
  private Path overlay;

  @Parameters(
      index = "1",
      paramLabel = "FILE",
      converter = Converters.OfPath.class,
      description = "A new file.")
  private Path file;

  PackCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    sdk.get().pack(overlay, file);
    spec.commandLine().getOut().println("packed " + overlay + " in " + file);
  }
}
