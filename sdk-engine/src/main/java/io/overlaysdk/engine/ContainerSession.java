package io.overlaysdk.engine;

import io.overlaysdk.CancelledException;
import io.overlaysdk.Changes;
import io.overlaysdk.Command;
import io.overlaysdk.CommandMode;
import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Lack;
import io.overlaysdk.OverlayException;
import io.overlaysdk.Result;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.OverlayFacts;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
  private final OverlayLocks locks;
  private final Launcher launcher;
  private final ImageCare care;
  private final LayerReading reading;
  private final Exhaustion exhaustion;
  private final OverlayRoom room;
  private final Flush flush;
  private final Consumer<ContainerSession> onClose;
  private final Entrance entrance;

  /** A part of it is held by each command on its way; all of it by who must be alone. */
  private final Semaphore turn = new Semaphore(ALL, true);

  private volatile @Nullable HeldChanges reported;

  /** Who reads the changes. */
  private volatile @Nullable Thread reader;

  private volatile boolean closed;
  private boolean tidied;

  ContainerSession(
      Planner.Planned planned,
      Scratch scratch,
      Journal.Entry journal,
      OverlayLocks locks,
      Launcher launcher,
      Host host,
      ImageCare care,
      LayerReading reading,
      Exhaustion exhaustion,
      OverlayRoom room,
      Limits limits,
      Listeners listeners,
      Consumer<ContainerSession> onClose) {
    super(limits, listeners);
    this.planned = planned;
    this.scratch = scratch;
    this.journal = journal;
    this.locks = locks;
    this.launcher = launcher;
    this.care = care;
    this.reading = reading;
    this.exhaustion = exhaustion;
    this.room = room;
    this.onClose = onClose;
    ControlDirectory control =
        new ControlDirectory(
            scratch.directory().resolve(ControlDirectory.NAME), launcher, host.find("mkfifo"));
    this.flush = new Flush(host, launcher);
    this.entrance =
        new Entrance(
            planned,
            control,
            launcher,
            this::mend,
            journal::process,
            () -> listeners.tell(listener -> listener.mounted(this)),
            this::explained);
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
    } catch (OverlayException e) {
      held.release();
      throw explained(e);
    } catch (RuntimeException | Error e) {
      held.release();
      throw e;
    }
  }

  private OverlayException explained(OverlayException thrown) {
    List<Path> own = new ArrayList<>(List.of(scratch.directory()));
    planned.overlays().stream()
        .filter(OverlayFacts::isWritable)
        .map(OverlayFacts::path)
        .forEach(own::add);
    return exhaustion.explained(thrown, own);
  }

  @Override
  Optional<Lack> lack() {
    return room.lack(entrance.innermost());
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
      Result result =
          lacking(entrance.onTerminal(command, Deadline.of(limit(command))), this::lack);
      tell(listener -> listener.ended(this, result));
      return result;
    } finally {
      held.release();
    }
  }

  /** Hands the session over to its container, which stays when this process ends. */
  void stay() {
    requireOpen();
    Resident container = entrance.stay(STARTING);
    try {
      handOver(container.running().tree().root());
      closed = true;
    } finally {
      if (closed) {
        container.letGo();
      } else {
        container.end();
      }
    }
  }

  /**
   * The container owns the session when all else is written down: one that is cut off before is
   * ended by recovery, as what a dead process left.
   */
  private void handOver(long container) {
    Optional<ImageKeeper> keeper =
        ImageKeeper.start(
            locks.keptImages(),
            scratch.directory(),
            Journal.ProcessKey.of(container),
            launcher,
            journal::process);
    locks.handOver(container, journal);
    keeper.ifPresent(ImageKeeper::awaitHeld);
    Stays.write(journal, planned, container);
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
    Turn held = alone();
    try {
      requireOpen();
      entrance.park();
      LayerStack layers = reading.open(planned, scratch.directory(), launcher, journal::process);
      HeldChanges changes =
          new HeldChanges(
              reading.changes(planned, layers), layers::close, () -> reader = null, held::release);
      reported = changes;
      reader = Thread.currentThread();
      return changes;
    } catch (RuntimeException | Error e) {
      held.release();
      throw e;
    }
  }

  private Turn alone() {
    if (!turn.tryAcquire(ALL)) {
      throw new IllegalStateException(
          "a command runs in the session, or its changes are being read: wait for the end of that");
    }
    return new Turn(ALL);
  }

  @Override
  public void sync() {
    requireOpen();
    planned.overlays().stream()
        .filter(OverlayFacts::isWritable)
        .filter(overlay -> !overlay.path().startsWith(scratch.directory()))
        .forEach(this::sync);
  }

  /** The image that is written to, and is kept. */
  private Optional<Path> image() {
    return planned.overlays().stream()
        .filter(overlay -> overlay.isWritable() && overlay.kind() == OverlayFacts.Kind.EXT3)
        .map(OverlayFacts::path)
        .filter(path -> !path.startsWith(scratch.directory()))
        .findFirst();
  }

  /**
   * The driver of the container before may have been killed. Whoever runs commands must learn that
   * what these have written may be gone.
   */
  private void mend() {
    boolean byTool = planned.choice().plan().locksImages();
    Optional<Path> mended = image().filter(path -> care.mend(path, !byTool));
    locks.settle(byTool);
    mended.ifPresent(
        path -> {
          throw lost(path, "it is repaired, and the next command runs on what is there");
        });
  }

  /** When no container runs: the end of the last one was in order. */
  private Optional<CorruptOverlayException> unwritten() {
    return image()
        .filter(ImageCare::isCutOff)
        .map(path -> lost(path, "the next session or command repairs it first"));
  }

  private static void throwIfPresent(Optional<CorruptOverlayException> loss) {
    if (loss.isPresent()) {
      throw loss.get();
    }
  }

  private static CorruptOverlayException lost(Path image, String help) {
    return new CorruptOverlayException(
        "the driver of the overlay "
            + image
            + " was killed: what commands have written since the session was opened, or since its"
            + " last sync, may be lost; "
            + help);
  }

  private void sync(OverlayFacts overlay) {
    if (overlay.kind() == OverlayFacts.Kind.DIRECTORY) {
      flush.overlay(overlay.path());
      return;
    }
    Turn held = alone();
    try {
      requireOpen();
      entrance.park();
      throwIfPresent(unwritten());
      flush.overlay(overlay.path());
    } finally {
      held.release();
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
          tell(listener -> listener.closing(this));
          Optional<CorruptOverlayException> loss = tidy();
          tidied = true;
          tell(listener -> listener.closed(this));
          throwIfPresent(loss);
        }
      } finally {
        held.release();
      }
    }
  }

  /**
   * What fails can be tried again, and is when the SDK is closed. That something is lost is no such
   * failure: it is told once, and the session is over.
   */
  private Optional<CorruptOverlayException> tidy() {
    Optional<CorruptOverlayException> loss;
    try {
      entrance.park();
      launcher.endAll();
      try {
        scratch.close();
        loss = unwritten();
      } finally {
        locks.close();
      }
    } catch (OverlayException e) {
      throw explained(e);
    }
    // Until now: whoever closes the SDK meanwhile, such as a shutdown hook, waits for this.
    onClose.accept(this);
    return loss;
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

  /** For whoever reads the changes its turn would never come. */
  private Turn awaitTurn(boolean alone) {
    if (Thread.currentThread().equals(reader)) {
      throw new IllegalStateException(
          "the changes of the session are being read in this thread: close them before a command is"
              + " run");
    }
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
