package io.overlaysdk.engine;

import static io.overlaysdk.engine.Variables.merged;

import io.overlaysdk.CancelledException;
import io.overlaysdk.Changes;
import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LaunchException;
import io.overlaysdk.Result;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Termination;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Stdio;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;

/** A session that enters its container once for each command, over one overlay on disk. */
final class ContainerSession implements Session {
  /** What a command's status is where its time was over: as timeout(1) of coreutils has it. */
  private static final int TIMED_OUT = 124;

  /** How often a closing session looks for a command that has been started since. */
  private static final long LOOK_MILLIS = 100;

  private final Planner.Planned planned;
  private final Plan plan;
  private final Scratch scratch;
  private final Journal.Entry journal;
  private final ControlDirectory control;
  private final Launcher launcher;
  private final LayerReading reading;
  private final Optional<Duration> defaultLimit;
  private final Consumer<ContainerSession> onClose;
  private final Semaphore turn = new Semaphore(1, true);

  /** Held shared by each command on its way, and by {@link #close} alone. */
  private final ReentrantReadWriteLock inside = new ReentrantReadWriteLock();

  private volatile HeldChanges reported;
  private volatile boolean closed;
  private boolean tidied;
  private volatile boolean imageHasShell = true;

  ContainerSession(
      Planner.Planned planned,
      Scratch scratch,
      Journal.Entry journal,
      Launcher launcher,
      LayerReading reading,
      Optional<Duration> defaultLimit,
      Consumer<ContainerSession> onClose) {
    this.planned = planned;
    this.plan = planned.choice().plan();
    this.scratch = scratch;
    this.journal = journal;
    this.control = new ControlDirectory(scratch.directory().resolve("control"));
    this.launcher = launcher;
    this.reading = reading;
    this.defaultLimit = defaultLimit;
    this.onClose = onClose;
  }

  @Override
  public Result run(Command command) {
    Variables.check(command.variables());
    awaitTurn();
    try {
      return runInside(command);
    } finally {
      giveTurn();
    }
  }

  private Result runInside(Command command) {
    inside.readLock().lock();
    try {
      requireOpen();
      return imageHasShell ? runReported(command) : runBare(command);
    } finally {
      inside.readLock().unlock();
    }
  }

  @Override
  public Result shell() {
    return run(Command.of("/bin/sh", "-c", Scripts.SHELL).inheritIo());
  }

  @Override
  public Changes changes() {
    if (!planned.isWritable()) {
      throw new InvalidSpecException(
          "the session on " + planned.spec().image() + " has no writable overlay: nothing changes");
    }
    if (!turn.tryAcquire()) {
      throw new IllegalStateException(
          "a command runs in the session, or its changes are being read: wait for the end of that");
    }
    try {
      requireOpen();
      LayerStack layers = reading.open(planned, scratch.directory(), launcher, journal::process);
      return reported =
          new HeldChanges(reading.changes(planned, layers), layers::close, turn::release);
    } catch (RuntimeException e) {
      turn.release();
      throw e;
    }
  }

  @Override
  public SessionSpec spec() {
    return planned.spec();
  }

  @Override
  public String backend() {
    return planned.choice().backend().name();
  }

  /** Of two callers at once the second waits for the first: for both all is gone afterwards. */
  @Override
  public void close() {
    closed = true;
    emptyInside();
    try {
      if (!tidied) {
        tidied = true;
        tidy();
      }
    } finally {
      inside.writeLock().unlock();
    }
  }

  private void tidy() {
    try {
      if (reported != null) {
        reported.close();
      }
      scratch.close();
    } finally {
      // Until now: whoever closes the SDK meanwhile, such as a shutdown hook, waits for this.
      onClose.accept(this);
    }
  }

  /** Ends commands until none is on its way any more: one may have been about to start. */
  private void emptyInside() {
    boolean interrupted = false;
    boolean empty = false;
    while (!empty) {
      launcher.endAll();
      try {
        empty = inside.writeLock().tryLock(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Runs a command through the script inside, which tells how it ended. */
  private Result runReported(Command command) {
    Map<String, String> variables = merged(planned.variables(), command.variables());
    ContainerPath start = command.directory().orElse(planned.start());
    ControlDirectory.Errand errand = control.send(command, variables, start);
    try {
      Invocation invocation = plan.enter(errand.wrapped(), stdio(command));
      Launcher.Outcome outcome = launch(invocation, command);
      ControlDirectory.Report report = errand.report();
      if (report.directoryMissing()) {
        throw new InvalidSpecException(
            "the command "
                + command
                + " cannot start in "
                + start
                + ": there is no such directory in the container");
      }
      if (outcome.timedOut()) {
        return result(command, Termination.TIMED_OUT, TIMED_OUT, outcome);
      }
      if (report.status().isPresent()) {
        return result(command, Termination.EXITED, report.status().get(), outcome);
      }
      if (report.started()) {
        // The shell around the command was killed with it, before it could report.
        return result(command, Termination.UNCERTAIN, outcome.status(), outcome);
      }
      if (outcome.errorText().contains("/bin/sh")) {
        imageHasShell = false;
        return runBare(command);
      }
      throw new LaunchException(
          backend() + " could not start the container for " + command,
          invocation.words(),
          outcome.errorText());
    } finally {
      errand.forget();
    }
  }

  /** Runs a command in an image without a shell: nobody inside can tell how it ended. */
  private Result runBare(Command command) {
    Command bare = Command.of(command.words());
    for (var variable : merged(planned.variables(), command.variables()).entrySet()) {
      bare = bare.variable(variable.getKey(), variable.getValue());
    }
    bare = bare.directory(command.directory().orElse(planned.start()));
    Launcher.Outcome outcome = launch(plan.enter(bare, stdio(command)), command);
    if (outcome.timedOut()) {
      return result(command, Termination.TIMED_OUT, TIMED_OUT, outcome);
    }
    boolean certain = outcome.status() != plan.failureStatus();
    return result(
        command, certain ? Termination.EXITED : Termination.UNCERTAIN, outcome.status(), outcome);
  }

  private Launcher.Outcome launch(Invocation invocation, Command command) {
    Optional<Duration> limit =
        command.timeLimit().or(() -> planned.spec().timeLimit()).or(() -> defaultLimit);
    try (InputStream stdin = stdin(command)) {
      return launcher.run(
          invocation,
          new Launcher.Terms(Optional.ofNullable(stdin), stdio(command), limit, journal::process));
    } catch (IOException e) {
      throw new InvalidSpecException("cannot read the standard input of " + command + ": " + e, e);
    }
  }

  private static InputStream stdin(Command command) throws IOException {
    Optional<Path> file = command.stdinFile();
    if (file.isPresent()) {
      return Files.newInputStream(file.get());
    }
    return command.stdinBytes().map(ByteArrayInputStream::new).orElse(null);
  }

  private static Stdio stdio(Command command) {
    return command.inheritsIo() ? Stdio.TERMINAL : Stdio.PIPES;
  }

  private static Result result(
      Command command, Termination termination, int status, Launcher.Outcome outcome) {
    return new Result(
        command,
        termination,
        status,
        outcome.stdout(),
        outcome.stderr(),
        outcome.truncated(),
        outcome.took());
  }

  /** No driver lets two mounts share one upper directory: lines of one of them get lost. */
  private void awaitTurn() {
    if (!planned.isWritable()) {
      return;
    }
    try {
      turn.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("interrupted while another command ran in the session", e);
    }
  }

  private void giveTurn() {
    if (planned.isWritable()) {
      turn.release();
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the session on " + planned.spec().image() + " is closed");
    }
  }
}
