package io.overlaysdk.cli;

import io.overlaysdk.Overlay;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay fork}: an overlay that begins where another one is. */
@Command(
    name = "fork",
    description = {
      "Makes an overlay that begins where another one is, and shares its layers.",
      "",
      "Where that has changes since its last snapshot, one is taken first.",
      ""
    })
final class ForkCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Option(
      names = "--at",
      paramLabel = "SNAPSHOT",
      description = "Begin at this snapshot instead; its id, or the beginning of it.")
  private String at;

  @Parameters(
      index = "0",
      paramLabel = "OVERLAY",
      converter = Converters.OfPath.class,
      description = "A directory or an ext3 image.")
  private Path path;

  @Parameters(
      index = "1",
      paramLabel = "TARGET",
      converter = Converters.OfPath.class,
      description = "Where the new one is to be; nothing may be there.")
  private Path target;

  ForkCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    Overlay made = at == null ? sdk.get().fork(path, target) : sdk.get().fork(path, at, target);
    spec.commandLine().getOut().println("created " + made);
  }
}
