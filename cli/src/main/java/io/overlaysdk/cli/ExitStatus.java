package io.overlaysdk.cli;

import io.overlaysdk.Result;
import io.overlaysdk.Termination;
import java.io.PrintWriter;
import java.util.Locale;

/** What the exit status of {@code overlay} says, beside the status of the command that it ran. */
final class ExitStatus {
  static final int OK = 0;

  /** The answer is no: a step failed, or no backend works here. */
  static final int NO = 1;

  static final int USAGE = 2;

  /** The SDK or the container tool failed. */
  static final int FAILED = 125;

  /** Nobody reads the output any more: what a shell says of a program that SIGPIPE ended. */
  static final int UNREAD = 141;

  private ExitStatus() {}

  /** The status of a command that ran; where it may mislead, {@code err} is told how. */
  static int of(Result result, PrintWriter err) {
    if (result.termination() == Termination.TIMED_OUT) {
      err.println(
          "overlay: the command was ended at its time limit, after "
              + result.took().toMillis()
              + " ms");
    }
    if (result.termination() == Termination.UNCERTAIN) {
      err.println(
          "overlay: nothing inside could tell whether "
              + result.exitStatus()
              + " is the command's status or the container tool's: the image has no shell, the"
              + " shell was killed with the command, or the session was stopped meanwhile");
    }
    result
        .lack()
        .map(lack -> lack.name().toLowerCase(Locale.ROOT))
        .ifPresent(lack -> err.println("overlay: the session's overlay has no " + lack + " left"));
    return result.exitStatus();
  }
}
