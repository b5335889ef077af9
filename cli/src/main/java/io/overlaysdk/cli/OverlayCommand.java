package io.overlaysdk.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code overlay} alone: what all commands have in common. */
@Command(
    name = "overlay",
    versionProvider = Version.class,
    description = "Runs commands on a container image that never changes; changes go to overlays.",
    footer = {
      "",
      "overlay COMMAND --help tells more of a command.",
      "Exit status: 0 done; 1 the answer is no; 2 the command line is wrong; 125 the SDK or the "
          + "container tool failed. exec and shell exit as the command that they run."
    })
final class OverlayCommand implements Runnable {
  static final String DEBUG = "--debug";

  @Spec private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Tell what there is, and exit.")
  @SuppressWarnings("UnusedVariable") // picocli knows what to do
  private boolean help;

  @Option(names = "--version", versionHelp = true, description = "Print the version, and exit.")
  @SuppressWarnings("UnusedVariable") // picocli knows what to do
  private boolean version;

  @Option(
      names = DEBUG,
      scope = ScopeType.INHERIT,
      description = "Where something fails, print the stack trace too; so does OVERLAYSDK_DEBUG=1.")
  private boolean debug;

  /** Whether failures are shown with their stack trace. */
  static boolean isDebug(CommandLine line) {
    CommandLine top = line;
    while (top.getParent() != null) {
      top = top.getParent();
    }
    return System.getenv("OVERLAYSDK_DEBUG") != null || ((OverlayCommand) top.getCommand()).debug;
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(),
        "a command is missing: one of " + String.join(", ", spec.subcommands().keySet()));
  }
}
