package io.overlaysdk.cli;

import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.RebaseReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay rebase}: the same changes on another image. */
@Command(
    name = "rebase",
    description = {
      "Makes an overlay for another image, such as a new version of the one that it was made on.",
      "",
      "What both the overlay and the new image have changed is printed, and then nothing is made"
          + " without --force. The overlay itself stays as it is.",
      ""
    },
    customSynopsis = "overlay rebase OVERLAY TARGET --base OLD --onto NEW [OPTIONS]",
    footer = {"", "Exit status: 0 where the new overlay was made, else 1."},
    sortOptions = false)
final class RebaseCommand implements Callable<Integer> {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "OVERLAY",
      converter = Converters.OfOverlay.class,
      description = "The overlay: a directory, or an ext3 or squashfs image.")
  private Overlay overlay;

  @Parameters(
      index = "1",
      paramLabel = "TARGET",
      converter = Converters.OfPath.class,
      description = "Where the new overlay is to be; nothing may be there.")
  private Path target;

  @Option(
      names = "--onto",
      required = true,
      paramLabel = "IMAGE",
      converter = Converters.OfImage.class,
      description = "The other image.")
  private Image onto;

  @Mixin private LowerOptions lower;

  @Option(names = "--force", description = "Where both have changed something, the overlay wins.")
  private boolean force;

  @Option(names = "--json", description = "For programs: conflicts and made.")
  private boolean json;

  RebaseCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public Integer call() {
    RebaseReport report = sdk.get().rebase(lower.spec(overlay.readOnly()), onto, target, force);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.of(object(report)));
    } else {
      report.conflicts().forEach(conflict -> out.println("conflict " + conflict));
      report.made().ifPresent(made -> out.println("created " + made));
    }
    return report.made().isPresent() ? ExitStatus.OK : ExitStatus.NO;
  }

  private static Map<String, Object> object(RebaseReport report) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("conflicts", report.conflicts().stream().map(RebaseCommand::conflict).toList());
    object.put("made", report.made().isPresent());
    return object;
  }

  private static Map<String, Object> conflict(RebaseReport.Conflict conflict) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("path", conflict.path().toString());
    object.put("image", conflict.theirs().name());
    object.put("overlay", conflict.ours().kind().name());
    object.put("overlayPath", conflict.ours().path().toString());
    return object;
  }
}
