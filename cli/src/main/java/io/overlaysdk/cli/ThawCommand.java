package io.overlaysdk.cli;

import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay thaw}: a squashfs as an overlay that can be written to. */
@Command(
    name = "thaw",
    description = {
      "Makes a directory overlay of a squashfs, such as overlay freeze writes, to be written to"
          + " again.",
      ""
    },
    customSynopsis = "overlay thaw FILE OVERLAY")
final class ThawCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "FILE",
      converter = Converters.OfPath.class,
      description = "A squashfs image; it may come from anywhere, a harmful one is refused.")
  private Path file;

  @Parameters(
      index = "1",
      paramLabel = "OVERLAY",
      converter = Converters.OfPath.class,
      description = "A directory that is not there yet.")
  private Path overlay;

  ThawCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    spec.commandLine().getOut().println("thawed " + file + " to " + sdk.get().thaw(file, overlay));
  }
}
