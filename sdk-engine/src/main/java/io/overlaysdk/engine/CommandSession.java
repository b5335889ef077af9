package io.overlaysdk.engine;

import io.overlaysdk.Command;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Lack;
import io.overlaysdk.OutputListener;
import io.overlaysdk.Result;
import io.overlaysdk.RunningCommand;
import io.overlaysdk.SdkListener;
import io.overlaysdk.Session;
import io.overlaysdk.Termination;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** What running commands is like, in whatever container. */
abstract class CommandSession implements Session {
  private final Limits limits;
  private final Listeners listeners;

  CommandSession(Limits limits, Listeners listeners) {
    this.limits = limits;
    this.listeners = listeners;
  }

  void tell(Consumer<SdkListener> event) {
    listeners.tell(event);
  }

  /**
   * What holds for the commands.
   *
   * @param time how long one may take where nobody says
   * @param grace what a command that is told to end may take
   * @param output how many bytes are kept of each stream
   */
  record Limits(Optional<Duration> time, Duration grace, int output) {}

  @Override
  public Result run(Command command) {
    return command.inheritsIo() ? runOnTerminal(command) : run(command, Optional.empty());
  }

  @Override
  public Result run(Command command, OutputListener listener) {
    if (command.inheritsIo()) {
      throw ownStreams(command);
    }
    return run(command, Optional.of(listener));
  }

  private Result run(Command command, Optional<OutputListener> listener) {
    BoundedOutput out = new BoundedOutput(limits.output());
    BoundedOutput err = new BoundedOutput(limits.output());
    LiveCommand live = begin(command, false);
    try {
      CompletableFuture<Void> outRead =
          read(live, live.stdout(), out, listener.map(told -> told::stdout));
      CompletableFuture<Void> errRead =
          read(live, live.stderr(), err, listener.map(told -> told::stderr));
      Execution.End end = live.await(live.ended());
      live.await(outRead);
      live.await(errRead);
      if (triesAgain(end, end.messages() + err.text())) {
        return run(command, listener);
      }
      listener.ifPresent(OutputListener::ended);
      return live.result(end, out, err);
    } finally {
      live.close();
    }
  }

  /** Reads what a command writes; where the listener fails, nobody needs the command any more. */
  private static CompletableFuture<Void> read(
      LiveCommand live, InputStream from, BoundedOutput to, Optional<Consumer<byte[]>> listener) {
    CompletableFuture<Void> read = Pump.read(from, to, listener);
    read.whenComplete(
        (nothing, failure) -> {
          if (failure != null) {
            Threads.POOL.execute(live::stop);
          }
        });
    return read;
  }

  @Override
  public RunningCommand start(Command command) {
    if (command.inheritsIo()) {
      throw ownStreams(command);
    }
    return begin(command, true);
  }

  private static InvalidSpecException ownStreams(Command command) {
    return new InvalidSpecException(
        "the command "
            + command
            + " is to use the caller's own streams, so there is nothing of it to read or write:"
            + " run it without a listener, or leave inheritIo out");
  }

  /**
   * Starts a command.
   *
   * @param open whether the caller may write to the command where the command names no input
   */
  abstract LiveCommand begin(Command command, boolean open);

  /** Runs a command with the caller's own streams. */
  abstract Result runOnTerminal(Command command);

  /** What the writable overlay has none left of, as far as that can be told. */
  Optional<Lack> lack() {
    return Optional.empty();
  }

  /** With what was lacking, which nobody asks where the command succeeded or its time was over. */
  static Result lacking(Result result, Supplier<Optional<Lack>> lack) {
    boolean failed = !result.succeeded() && result.termination() != Termination.TIMED_OUT;
    return failed ? lack.get().map(result::with).orElse(result) : result;
  }

  /** Whether a command that ended without having begun should be tried again. */
  abstract boolean triesAgain(Execution.End end, String messages);

  /** A command that has just been started, with what it reads. */
  LiveCommand live(
      Command command,
      Execution execution,
      Optional<InputStream> given,
      boolean open,
      Deadline deadline,
      Results results,
      Runnable onEnd) {
    tell(listener -> listener.started(this, command));
    LiveCommand live =
        new LiveCommand(
            command,
            execution,
            deadline,
            limits.grace(),
            results,
            onEnd,
            this::lack,
            result -> tell(listener -> listener.ended(this, result)));
    if (!open || given.isPresent()) {
      Pump.feed(given.orElseGet(InputStream::nullInputStream), live.stdin());
    }
    return live;
  }

  Optional<Duration> limit(Command command) {
    return command.timeLimit().or(() -> spec().timeLimit()).or(limits::time);
  }

  static Optional<InputStream> stdin(Command command) {
    Optional<Path> file = command.stdinFile();
    if (file.isEmpty()) {
      return command.stdinBytes().map(ByteArrayInputStream::new);
    }
    try {
      return Optional.of(Files.newInputStream(file.get()));
    } catch (IOException e) {
      throw new InvalidSpecException("cannot read the standard input of " + command + ": " + e, e);
    }
  }
}
