package io.overlaysdk.cli;

import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay build}: an image from a definition file. */
@Command(
    name = "build",
    description = {
      "Builds an image from a definition file. The image appears whole or not at all.",
      ""
    })
final class BuildCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "DEF",
      converter = Converters.OfPath.class,
      description = "A definition file as Apptainer and Singularity read it.")
  private Path definition;

  @Parameters(
      index = "1",
      paramLabel = "IMAGE",
      converter = Converters.OfPath.class,
      description = "Where the image is to be; nothing may be there.")
  private Path image;

  BuildCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    spec.commandLine().getOut().println("built " + sdk.get().build(definition, image));
  }
}
