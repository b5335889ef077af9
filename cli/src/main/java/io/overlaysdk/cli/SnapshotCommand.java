package io.overlaysdk.cli;

import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay snapshot}: keeps the state of an overlay. */
@Command(
    name = "snapshot",
    description = {
      "Keeps the state of an overlay, to return to it or to fork it.",
      "",
      "What was changed so far becomes a read-only layer, however much it is; a session has all layers."
          + " A tool that is given the overlay without this sees what was changed since.",
      ""
    })
final class SnapshotCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-m", "--message"},
      paramLabel = "TEXT",
      defaultValue = "",
      description = "What it is.")
  private String message;

  @Parameters(
      paramLabel = "OVERLAY",
      converter = Converters.OfPath.class,
      description = "A directory or ext3 image that no session uses.")
  private Path path;

  SnapshotCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  /** The id alone, for scripts. */
  @Override
  public void run() {
    spec.commandLine().getOut().println(sdk.get().snapshot(path, message).id());
  }
}
