package io.overlaysdk.cli;

import io.overlaysdk.Overlay;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay flatten}: one layer instead of many below an overlay. */
@Command(
    name = "flatten",
    description = {
      "Puts an overlay on one layer that holds what all its layers hold together.",
      "",
      "Many layers cost every session, and the tools take some 45. The snapshots stay.",
      ""
    },
    customSynopsis = "overlay flatten OVERLAY --base IMAGE [OPTIONS]",
    sortOptions = false)
final class FlattenCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "OVERLAY",
      converter = Converters.OfOverlay.class,
      description = "A directory or an ext3 image that no session uses.")
  private Overlay overlay;

  @Mixin private LowerOptions lower;

  FlattenCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    spec.commandLine().getOut().println(sdk.get().flatten(lower.spec(overlay)).id());
  }
}
