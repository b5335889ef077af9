package io.overlaysdk.cli;

import io.overlaysdk.Overlay;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay adopt}: an overlay that others made. */
@Command(
    name = "adopt",
    description = {
      "Takes over an overlay that was made by hand or by a tool: remembers what is marked in it, and how,"
          + " and the image that it belongs to, so that a session on another one is refused.",
      ""
    },
    customSynopsis = "overlay adopt OVERLAY --base IMAGE [OPTIONS]",
    sortOptions = false)
final class AdoptCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "OVERLAY",
      converter = Converters.OfOverlay.class,
      description = "The overlay: a directory, or an ext3 image.")
  private Overlay overlay;

  @Mixin private LowerOptions lower;

  AdoptCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    boolean changed = sdk.get().adopt(lower.spec(overlay));
    spec.commandLine()
        .getOut()
        .println(overlay + (changed ? " belongs" : " belonged already") + " to that image");
  }
}
