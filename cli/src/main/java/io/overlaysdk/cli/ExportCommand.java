package io.overlaysdk.cli;

import io.overlaysdk.LayerReport;
import io.overlaysdk.Overlay;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay export}: an overlay as a layer of an OCI image. */
@Command(
    name = "export",
    description = {
      "Writes an overlay that no session uses as a layer of an OCI image. The same overlay gives the"
          + " same bytes; SOURCE_DATE_EPOCH is honoured.",
      ""
    },
    customSynopsis = "overlay export OVERLAY --base IMAGE [OPTIONS] -o LAYER",
    sortOptions = false)
final class ExportCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "OVERLAY",
      converter = Converters.OfOverlay.class,
      description = "The overlay: a directory, or an ext3 or squashfs image.")
  private Overlay overlay;

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "LAYER",
      converter = Converters.OfPath.class,
      description = "A new file that ends in .tar, .tar.gz, .tgz or .tar.zst.")
  private Path layer;

  @Mixin private LowerOptions lower;

  ExportCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    LayerReport report = sdk.get().exportLayer(lower.spec(overlay.readOnly()), layer);
    spec.commandLine().getOut().println("wrote " + layer + ": " + text(report));
    tellOfSockets(report, spec);
  }

  static void tellOfSockets(LayerReport report, CommandSpec spec) {
    report
        .skipped()
        .forEach(
            socket ->
                spec.commandLine()
                    .getErr()
                    .println("overlay: left out, because it is a socket: " + socket));
  }

  static String text(LayerReport report) {
    return report.entries()
        + " entries, "
        + report.bytes()
        + " bytes in files, "
        + report.whiteouts()
        + " deletions, "
        + report.opaque()
        + " replaced directories";
  }
}
