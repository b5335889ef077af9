package io.overlaysdk.engine;

import io.overlaysdk.CancelledException;
import io.overlaysdk.Changes;
import io.overlaysdk.Command;
import io.overlaysdk.CommandMode;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OutputListener;
import io.overlaysdk.Result;
import io.overlaysdk.RunningCommand;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** A session: who may do what when, over one overlay on disk. */
final class ContainerSession implements Session {
  /** How often a closing session looks for a command that has been started since. */
  private static final long LOOK_MILLIS = 100;

  /** More than there will ever be commands at once. */
  private static final int ALL = 1 << 20;

  private final Planner.Planned planned;
  private final Scratch scratch;
  private final Journal.Entry journal;
  private final Launcher launcher;
  private final LayerReading reading;
  private final Limits limits;
  private final Consumer<ContainerSession> onClose;
  private final Entrance entrance;

  /** A part of it is held by each command on its way; all of it by who must be alone. */
  private final Semaphore turn = new Semaphore(ALL, true);

  private volatile HeldChanges reported;
  private volatile boolean closed;
  private boolean tidied;

  /**
   * What holds for the commands.
   *
   * @param time how long one may take where nobody says
   * @param grace what a command that is told to end may take
   * @param output how many bytes are kept of each stream
   */
  record Limits(Optional<Duration> time, Duration grace, int output) {}

  ContainerSession(
      Planner.Planned planned,
      Scratch scratch,
      Journal.Entry journal,
      Launcher launcher,
      Optional<Path> mkfifo,
      LayerReading reading,
      Limits limits,
      Consumer<ContainerSession> onClose) {
    this.planned = planned;
    this.scratch = scratch;
    this.journal = journal;
    this.launcher = launcher;
    this.reading = reading;
    this.limits = limits;
    this.onClose = onClose;
    ControlDirectory control =
        new ControlDirectory(scratch.directory().resolve("control"), launcher, mkfifo);
    this.entrance = new Entrance(planned, control, launcher, journal::process);
  }

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
      if (entrance.triesAgain(end, err.text())) {
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
   * @param open whether the caller may write to the command where the command names no input
   */
  private LiveCommand begin(Command command, boolean open) {
    Variables.check(command.variables());
    Optional<LiveCommand> live = Optional.empty();
    while (live.isEmpty()) {
      live = tryToBegin(command, open);
    }
    return live.get();
  }

  /** Empty where it turned out that commands need containers of their own. */
  private Optional<LiveCommand> tryToBegin(Command command, boolean open) {
    Turn held = awaitTurn(isAlone());
    try {
      requireOpen();
      Optional<InputStream> given = stdin(command);
      boolean reads = open || given.isPresent();
      Deadline deadline = Deadline.of(limit(command));
      Optional<Execution> execution = entrance.begin(command, reads, deadline);
      if (execution.isEmpty()) {
        held.release();
        return Optional.empty();
      }
      LiveCommand live =
          new LiveCommand(
              command, execution.get(), deadline, limits.grace(), entrance, held::release);
      if (!open || given.isPresent()) {
        Pump.feed(given.orElseGet(InputStream::nullInputStream), live.stdin());
      }
      return Optional.of(live);
    } catch (RuntimeException e) {
      held.release();
      throw e;
    }
  }

  /** No driver lets two mounts share one upper directory: lines of one of them get lost. */
  private boolean isAlone() {
    return entrance.mode() == CommandMode.SEPARATE && planned.isWritable();
  }

  private Result runOnTerminal(Command command) {
    Variables.check(command.variables());
    Turn held = awaitTurn(planned.isWritable());
    try {
      requireOpen();
      if (planned.isWritable()) {
        entrance.park();
      }
      return entrance.onTerminal(command, Deadline.of(limit(command)));
    } finally {
      held.release();
    }
  }

  private Optional<Duration> limit(Command command) {
    return command.timeLimit().or(() -> planned.spec().timeLimit()).or(limits::time);
  }

  private static Optional<InputStream> stdin(Command command) {
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
    if (!turn.tryAcquire(ALL)) {
      throw new IllegalStateException(
          "a command runs in the session, or its changes are being read: wait for the end of that");
    }
    Turn held = new Turn(ALL);
    try {
      requireOpen();
      entrance.park();
      LayerStack layers = reading.open(planned, scratch.directory(), launcher, journal::process);
      return reported =
          new HeldChanges(reading.changes(planned, layers), layers::close, held::release);
    } catch (RuntimeException e) {
      held.release();
      throw e;
    }
  }

  @Override
  public CommandMode commandMode() {
    return entrance.mode();
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
    HeldChanges changes = reported;
    try {
      if (changes != null) {
        changes.close();
      }
    } finally {
      Turn held = emptyInside();
      try {
        if (!tidied) {
          tidied = true;
          tidy();
        }
      } finally {
        held.release();
      }
    }
  }

  private void tidy() {
    try {
      entrance.park();
      scratch.close();
    } finally {
      // Until now: whoever closes the SDK meanwhile, such as a shutdown hook, waits for this.
      onClose.accept(this);
    }
  }

  /** Ends commands until none is on its way any more: one may have been about to start. */
  private Turn emptyInside() {
    boolean interrupted = false;
    boolean empty = turn.tryAcquire(ALL);
    while (!empty) {
      launcher.endAll();
      try {
        empty = turn.tryAcquire(ALL, LOOK_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return new Turn(ALL);
  }

  /** A share of {@link #turn}, given back once. */
  private final class Turn {
    private final int share;
    private final AtomicBoolean released = new AtomicBoolean();

    Turn(int share) {
      this.share = share;
    }

    void release() {
      if (released.compareAndSet(false, true)) {
        turn.release(share);
      }
    }
  }

  private Turn awaitTurn(boolean alone) {
    int share = alone ? ALL : 1;
    try {
      turn.acquire(share);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("interrupted while another command ran in the session", e);
    }
    return new Turn(share);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the session on " + planned.spec().image() + " is closed");
    }
  }
}
