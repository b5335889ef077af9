package io.overlaysdk.engine;

import io.overlaysdk.CancelledException;
import io.overlaysdk.Changes;
import io.overlaysdk.Command;
import io.overlaysdk.CommandMode;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Result;
import io.overlaysdk.SessionSpec;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** A session: who may do what when, over one overlay on disk. */
final class ContainerSession extends CommandSession {
  /** How often a closing session looks for a command that has been started since. */
  private static final long LOOK_MILLIS = 100;

  /** What a container may take to start that nobody waits for afterwards. */
  private static final Duration STARTING = Duration.ofMinutes(5);

  /** More than there will ever be commands at once. */
  private static final int ALL = 1 << 20;

  private final Planner.Planned planned;
  private final Scratch scratch;
  private final Journal.Entry journal;
  private final Optional<OverlayLock> lock;
  private final Launcher launcher;
  private final LayerReading reading;
  private final Consumer<ContainerSession> onClose;
  private final Entrance entrance;

  /** A part of it is held by each command on its way; all of it by who must be alone. */
  private final Semaphore turn = new Semaphore(ALL, true);

  private volatile @Nullable HeldChanges reported;
  private volatile boolean closed;
  private boolean tidied;

  ContainerSession(
      Planner.Planned planned,
      Scratch scratch,
      Journal.Entry journal,
      Optional<OverlayLock> lock,
      Launcher launcher,
      Optional<Path> mkfifo,
      LayerReading reading,
      Limits limits,
      Listeners listeners,
      Consumer<ContainerSession> onClose) {
    super(limits, listeners);
    this.planned = planned;
    this.scratch = scratch;
    this.journal = journal;
    this.lock = lock;
    this.launcher = launcher;
    this.reading = reading;
    this.onClose = onClose;
    ControlDirectory control =
        new ControlDirectory(scratch.directory().resolve("control"), launcher, mkfifo);
    this.entrance =
        new Entrance(
            planned,
            control,
            launcher,
            journal::process,
            () -> listeners.tell(listener -> listener.mounted(this)));
  }

  @Override
  LiveCommand begin(Command command, boolean open) {
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
      return Optional.of(
          live(command, execution.get(), given, open, deadline, entrance.results(), held::release));
    } catch (RuntimeException e) {
      held.release();
      throw e;
    }
  }

  /** No driver lets two mounts share one upper directory: lines of one of them get lost. */
  private boolean isAlone() {
    return entrance.mode() == CommandMode.SEPARATE && planned.isWritable();
  }

  @Override
  Result runOnTerminal(Command command) {
    Variables.check(command.variables());
    Turn held = awaitTurn(planned.isWritable());
    try {
      requireOpen();
      if (planned.isWritable()) {
        entrance.park();
      }
      tell(listener -> listener.started(this, command));
      Result result = entrance.onTerminal(command, Deadline.of(limit(command)));
      tell(listener -> listener.ended(this, result));
      return result;
    } finally {
      held.release();
    }
  }

  /** Hands the session over to its container, which stays when this process ends. */
  void stay() {
    requireOpen();
    Stays.Container container = entrance.stay(STARTING);
    Stays.write(journal, planned, container);
    lock.ifPresent(held -> held.handOver(container.pid(), journal));
    closed = true;
  }

  @Override
  boolean triesAgain(Execution.End end, String messages) {
    return entrance.triesAgain(end, messages);
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
      HeldChanges changes =
          new HeldChanges(reading.changes(planned, layers), layers::close, held::release);
      reported = changes;
      return changes;
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
          tell(listener -> listener.closing(this));
          tidy();
          tell(listener -> listener.closed(this));
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
      lock.ifPresent(OverlayLock::close);
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
