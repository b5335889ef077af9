package io.overlaysdk.cli;

import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay rollback}: returns to a snapshot. */
@Command(
    name = "rollback",
    description = {
      "Returns to a snapshot of an overlay.",
      "",
      "Snapshots that were taken after it are kept, and can be returned to as well.",
      ""
    })
final class RollbackCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Option(names = "--discard", description = "Delete the changes that no snapshot has.")
  private boolean discard;

  @Parameters(
      index = "0",
      paramLabel = "OVERLAY",
      converter = Converters.OfPath.class,
      description = "A directory or an ext3 image that no session uses.")
  private Path path;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "SNAPSHOT",
      description = "Its id, or the beginning of it; else the last one, with --discard.")
  private String snapshot;

  RollbackCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    if (snapshot != null) {
      sdk.get().rollback(path, snapshot, discard);
    } else if (discard) {
      sdk.get().discard(path);
    } else {
      throw new ParameterException(
          spec.commandLine(), "name a snapshot, or say --discard to return to the last one");
    }
  }
}
