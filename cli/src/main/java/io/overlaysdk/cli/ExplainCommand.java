package io.overlaysdk.cli;

import io.overlaysdk.Explanation;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.SessionSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay explain}: what {@code overlay exec} would do, without doing it. */
@Command(
    name = "explain",
    description = {
      "Prints every step and invocation that exec would make, argument by argument, and why.",
      "Starts no container and changes nothing.",
      ""
    },
    customSynopsis = "overlay explain [OPTIONS] IMAGE -- WORDS...",
    sortOptions = false)
final class ExplainCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;
  @Mixin private SessionOptions options;

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "WORDS",
      description = "The program and its arguments, passed on as they are; no shell reads them.")
  private List<String> words = new ArrayList<>();

  ExplainCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    SessionSpec wanted = options.session();
    io.overlaysdk.Command command = Words.command(words, spec.commandLine());
    for (Explanation explanation : explain(sdk.get(), wanted, command)) {
      spec.commandLine().getOut().println(explanation);
    }
  }

  /** An overlay that exec would make first is not there to be read: a step before makes it. */
  private static List<Explanation> explain(
      OverlaySdk sdk, SessionSpec wanted, io.overlaysdk.Command command) {
    Optional<Path> missing = MissingOverlay.of(wanted);
    if (missing.isEmpty()) {
      return List.of(sdk.explain(wanted, command));
    }
    return sdk.explain(MissingOverlay.coming(missing.get(), wanted, command));
  }
}
