package io.overlaysdk.cli;

import io.overlaysdk.Overlay;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay convert}: an overlay that every driver reads alike. */
@Command(
    name = "convert",
    description = {
      "Brings an overlay that no session uses into the form that every driver reads alike, in place:"
          + " any tool and any user can then be given it read-only. What is in it stays the same.",
      ""
    },
    customSynopsis = "overlay convert OVERLAY --base IMAGE [OPTIONS]",
    sortOptions = false)
final class ConvertCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "OVERLAY",
      converter = Converters.OfOverlay.class,
      description = "The overlay: a directory, or an ext3 image.")
  private Overlay overlay;

  @Mixin private LowerOptions lower;

  ConvertCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    boolean changed = sdk.get().convert(lower.spec(overlay));
    spec.commandLine()
        .getOut()
        .println(overlay + (changed ? " is in neutral form now" : " was in neutral form already"));
  }
}
