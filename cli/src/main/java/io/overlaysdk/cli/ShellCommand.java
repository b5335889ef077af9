package io.overlaysdk.cli;

import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code overlay shell}: an interactive shell in a session of its own. */
@Command(
    name = "shell",
    description = {
      "Opens a shell on an image: bash, else sh. A directory overlay that is not there yet is made.",
      ""
    },
    customSynopsis = "overlay shell [OPTIONS] IMAGE",
    sortOptions = false,
    footer = {"", "Exit status: as exec; the shell's own, which is that of its last command."})
final class ShellCommand implements Callable<Integer> {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;
  @Mixin private SessionOptions options;

  ShellCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public Integer call() {
    SessionSpec wanted = options.session();
    try (Session session = MissingOverlay.start(sdk.get(), wanted)) {
      return ExitStatus.of(session.shell(), spec.commandLine().getErr());
    }
  }
}
