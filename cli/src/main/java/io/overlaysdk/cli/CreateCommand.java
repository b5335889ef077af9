package io.overlaysdk.cli;

import io.overlaysdk.Overlay;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay create}: an empty overlay. */
@Command(
    name = "create",
    description = {"Makes an empty overlay: a directory, or an ext3 image of a size.", ""})
final class CreateCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      converter = Amount.OfBytes.class,
      description = "An ext3 image of this size, as in 1G; the space is taken when it is used.")
  private Long size;

  @Parameters(
      paramLabel = "PATH",
      converter = Converters.OfPath.class,
      description = "Where the overlay is to be; nothing may be there.")
  private Path path;

  CreateCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    Overlay made =
        size == null ? sdk.get().createOverlay(path) : sdk.get().createOverlay(path, size);
    spec.commandLine().getOut().println("created " + made);
  }
}
