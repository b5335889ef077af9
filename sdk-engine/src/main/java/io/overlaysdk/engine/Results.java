package io.overlaysdk.engine;

import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LaunchException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.Result;
import io.overlaysdk.Termination;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * What is told of the ends of commands.
 *
 * @param backend who runs them
 * @param start where they start that say nothing
 * @param invocation what a container is started with for a command
 * @param explained what is thrown in place of an error
 */
record Results(
    String backend,
    ContainerPath start,
    Function<Command, List<String>> invocation,
    UnaryOperator<OverlayException> explained) {
  /** What a command's status is where its time was over: as timeout(1) of coreutils has it. */
  private static final int TIMED_OUT = 124;

  /**
   * The result of a command.
   *
   * @throws InvalidSpecException where its directory is missing
   * @throws LaunchException where its container did not start
   */
  Result of(
      Command command,
      Execution.End end,
      boolean timedOut,
      Deadline deadline,
      BoundedOutput stdout,
      BoundedOutput stderr) {
    Termination termination = timedOut ? Termination.TIMED_OUT : termination(command, end, stderr);
    return new Result(
        command,
        termination,
        timedOut ? TIMED_OUT : end.status(),
        stdout.bytes(),
        stderr.bytes(),
        stdout.truncated() || stderr.truncated(),
        deadline.taken());
  }

  private Termination termination(Command command, Execution.End end, BoundedOutput stderr) {
    return switch (end.kind()) {
      case EXITED -> Termination.EXITED;
      case UNCERTAIN -> Termination.UNCERTAIN;
      case NO_DIRECTORY ->
          throw new InvalidSpecException(
              "the command "
                  + command
                  + " cannot start in "
                  + start(command)
                  + ": there is no such directory in the container");
      case NOT_STARTED -> throw notStarted(command, end.messages() + stderr.text());
    };
  }

  ContainerPath start(Command command) {
    return command.directory().orElse(start);
  }

  OverlayException notStarted(Command command, String messages) {
    return explained.apply(
        new LaunchException(
            backend + " could not start the container for " + command,
            invocation.apply(command),
            messages));
  }
}
