package io.overlaysdk.engine;

import io.overlaysdk.CancelledException;
import io.overlaysdk.Command;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Lack;
import io.overlaysdk.OverlayException;
import io.overlaysdk.Result;
import io.overlaysdk.RunningCommand;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** A command that was started, with its time limit. */
final class LiveCommand implements RunningCommand {
  private static final Pattern SIGNAL = Pattern.compile("[A-Z][A-Z0-9+-]{0,9}");

  private static final long AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Command command;
  private final Execution execution;
  private final Deadline deadline;
  private final Duration grace;
  private final Results results;
  private final CompletableFuture<Execution.End> ended;
  private final CompletableFuture<Result> result;
  private final Supplier<Optional<Lack>> lacking;
  private volatile boolean timedOut;

  /** Asked for once. */
  private boolean asked;

  private Optional<Lack> lack = Optional.empty();

  /**
   * @param onEnd is run before anybody is told that the command has ended
   * @param lacking tells what may be why it failed
   * @param listener is told then of one that had begun, before all others
   */
  LiveCommand(
      Command command,
      Execution execution,
      Deadline deadline,
      Duration grace,
      Results results,
      Runnable onEnd,
      Supplier<Optional<Lack>> lacking,
      Consumer<Result> listener) {
    this.command = command;
    this.execution = execution;
    this.deadline = deadline;
    this.grace = grace;
    this.results = results;
    this.lacking = lacking;
    this.ended =
        execution
            .ended()
            .whenComplete(
                (end, failure) -> {
                  onEnd.run();
                  if (end != null && (timedOut || end.hasBegun())) {
                    listener.accept(result(end, BoundedOutput.NOTHING, BoundedOutput.NOTHING));
                  }
                });
    this.result = ended.thenApply(end -> result(end, BoundedOutput.NOTHING, BoundedOutput.NOTHING));
    deadline.left().map(this::startClock).ifPresent(this::stopWithCommand);
  }

  private Future<?> startClock(long nanos) {
    return Threads.CLOCK.schedule(
        () -> Threads.POOL.execute(this::endForTime), nanos, TimeUnit.NANOSECONDS);
  }

  private void stopWithCommand(Future<?> clock) {
    ended.whenComplete((end, failure) -> clock.cancel(false));
  }

  private void endForTime() {
    if (!ended.isDone()) {
      timedOut = true;
      try {
        execution.end(grace);
      } catch (OverlayException e) {
        // what belongs to it could not be told, for want of descriptors, say
        startClock(AGAIN_NANOS);
      }
    }
  }

  /**
   * What came of the command.
   *
   * @throws OverlayException where it did not begin
   */
  Result result(Execution.End end, BoundedOutput stdout, BoundedOutput stderr) {
    return CommandSession.lacking(
        results.of(command, end, timedOut, deadline, stdout, stderr), this::lack);
  }

  private synchronized Optional<Lack> lack() {
    if (!asked) {
      asked = true;
      lack = lacking.get();
    }
    return lack;
  }

  /** How the command ended, whatever that means. */
  CompletableFuture<Execution.End> ended() {
    return ended;
  }

  @Override
  public OutputStream stdin() {
    return execution.stdin();
  }

  @Override
  public InputStream stdout() {
    return execution.stdout();
  }

  @Override
  public InputStream stderr() {
    return execution.stderr();
  }

  @Override
  public CompletionStage<Result> onExit() {
    return result.copy();
  }

  @Override
  public Result await() {
    return await(result);
  }

  /** Waits for something that comes with the end of the command; an interrupt ends it. */
  <T> T await(Future<T> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      execution.end(grace);
      Thread.currentThread().interrupt();
      throw new CancelledException("interrupted; " + command + " was ended", e);
    } catch (ExecutionException e) {
      throw thrown(e.getCause());
    }
  }

  private static RuntimeException thrown(@Nullable Throwable cause) {
    Throwable inner = cause instanceof CompletionException ? cause.getCause() : cause;
    return inner instanceof RuntimeException known
        ? known
        : new OverlayException("lost the command: " + inner, inner);
  }

  @Override
  public void signal(String name) {
    if (!SIGNAL.matcher(name).matches()) {
      throw new InvalidSpecException(
          "there is no signal \"" + name + "\": give a name without SIG, such as INT");
    }
    if (!ended.isDone()) {
      execution.signal(name);
    }
  }

  @Override
  public void stop() {
    if (!ended.isDone()) {
      execution.end(grace);
    }
  }

  @Override
  public void close() {
    stop();
    execution.release();
  }
}
