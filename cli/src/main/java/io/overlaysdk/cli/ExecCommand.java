package io.overlaysdk.cli;

import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay exec}: one command in a session of its own. */
@Command(
    name = "exec",
    description = {
      "Runs a command on an image. A directory overlay that is not there yet is made.",
      ""
    },
    customSynopsis = "overlay exec [OPTIONS] IMAGE -- WORDS...",
    sortOptions = false,
    footer = {
      "",
      "Exit status: the command's own; 128+n where signal n ended it; 127 where there is no such "
          + "program inside, 126 where it cannot be executed; 124 at the time limit; 125 where the SDK "
          + "or the container tool failed; 2 where the command line is wrong."
    })
final class ExecCommand implements Callable<Integer> {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;
  @Mixin private SessionOptions options;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "WORDS",
      description = "The program and its arguments, passed on as they are; no shell reads them.")
  private List<String> words = new ArrayList<>();

  ExecCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public Integer call() {
    SessionSpec wanted = options.session();
    io.overlaysdk.Command command = Words.command(words, spec.commandLine());
    try (Session session = MissingOverlay.start(sdk.get(), wanted)) {
      return ExitStatus.of(session.run(command), spec.commandLine().getErr());
    }
  }
}
