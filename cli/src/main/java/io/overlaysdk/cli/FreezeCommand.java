package io.overlaysdk.cli;

import io.overlaysdk.Image;
import io.overlaysdk.LayerReport;
import io.overlaysdk.Overlay;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay freeze}: an overlay as a squashfs, to be shared read-only. */
@Command(
    name = "freeze",
    description = {
      "Writes an overlay that no session uses as a squashfs, to be shared read-only: any tool and any"
          + " user can be given it as FILE:ro. The overlay stays as it is. The same overlay gives the"
          + " same bytes; SOURCE_DATE_EPOCH is honoured.",
      ""
    },
    customSynopsis = "overlay freeze OVERLAY FILE [OPTIONS]",
    sortOptions = false)
final class FreezeCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "OVERLAY",
      converter = Converters.OfOverlay.class,
      description =
          "A directory or an ext3 image; with :ro nothing is locked while it is read, for one that"
              + " you cannot write to.")
  private Overlay overlay;

  @Parameters(
      index = "1",
      paramLabel = "FILE",
      converter = Converters.OfPath.class,
      description = "A new file, such as NAME.sqfs.")
  private Path file;

  @Option(
      names = "--base",
      paramLabel = "IMAGE",
      converter = Converters.OfImage.class,
      description = "The image that it lies on; the one that it was made on unless given.")
  private Image base;

  @Mixin private StackOptions stack;

  @Option(names = "--json", description = "For programs.")
  private boolean json;

  FreezeCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    LayerReport report = sdk.get().freeze(stack.spec(base == null ? made() : base, overlay), file);
    if (json) {
      spec.commandLine().getOut().println(Json.of(fields(report)));
      return;
    }
    spec.commandLine().getOut().println("wrote " + file + ": " + ExportCommand.text(report));
    ExportCommand.tellOfSockets(report, spec);
  }

  /** The image that the overlay remembers. */
  private Image made() {
    String location =
        overlay
            .path()
            .flatMap(path -> sdk.get().info(path).base())
            .orElseThrow(
                () ->
                    new ParameterException(
                        spec.commandLine(),
                        "nothing tells on what " + overlay + " was made: give --base IMAGE"));
    return Image.parse(location);
  }

  private Map<String, Object> fields(LayerReport report) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("file", file.toString());
    fields.put("entries", report.entries());
    fields.put("bytes", report.bytes());
    fields.put("whiteouts", report.whiteouts());
    fields.put("opaque", report.opaque());
    fields.put("skipped", report.skipped().stream().map(Object::toString).toList());
    return fields;
  }
}
