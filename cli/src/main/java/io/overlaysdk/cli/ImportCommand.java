package io.overlaysdk.cli;

import io.overlaysdk.LayerReport;
import io.overlaysdk.Overlay;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay import}: a layer of an OCI image as an overlay. */
@Command(
    name = "import",
    description = {
      "Makes an overlay of a layer of an OCI image, which may come from anywhere: a harmful one is"
          + " refused.",
      ""
    },
    customSynopsis = "overlay import LAYER OVERLAY --base IMAGE [OPTIONS]",
    sortOptions = false)
final class ImportCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "LAYER",
      converter = Converters.OfPath.class,
      description = "A tar archive, as it is or compressed with gzip or zstd.")
  private Path layer;

  @Parameters(
      index = "1",
      paramLabel = "OVERLAY",
      converter = Converters.OfOverlay.class,
      description = "A directory that is not there yet, or an overlay without changes.")
  private Overlay overlay;

  @Mixin private LowerOptions lower;

  ImportCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    LayerReport report = sdk.get().importLayer(layer, lower.spec(overlay));
    spec.commandLine()
        .getOut()
        .println("imported " + layer + " into " + overlay + ": " + ExportCommand.text(report));
  }
}
