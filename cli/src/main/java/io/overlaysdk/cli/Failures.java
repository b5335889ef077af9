package io.overlaysdk.cli;

import io.overlaysdk.OverlayException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** How a failure is told: a message on stderr that says what to do, and an exit status. */
final class Failures implements IParameterExceptionHandler, IExecutionExceptionHandler {
  private final OpenSdk sdk;

  Failures(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public int handleParseException(ParameterException e, String[] args) {
    CommandLine line = e.getCommandLine();
    line.getErr().println("overlay: " + e.getMessage());
    line.getErr()
        .println("Try '" + line.getCommandSpec().qualifiedName() + " --help' for more of it.");
    trace(e, line);
    return ExitStatus.USAGE;
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine line, ParseResult parsed) {
    PrintWriter err = line.getErr();
    // A signal came: it is closing what this command works with, and it decides the exit status.
    if (!sdk.isClosed()) {
      err.println(
          e instanceof OverlayException
              ? "overlay: " + e.getMessage()
              : "overlay: internal error: " + e + " (--debug shows where)");
      trace(e, line);
    }
    return ExitStatus.FAILED;
  }

  private static void trace(Exception e, CommandLine line) {
    if (OverlayCommand.isDebug(line)) {
      e.printStackTrace(line.getErr());
    }
  }
}
