package io.overlaysdk.engine;

import static io.overlaysdk.engine.Variables.merged;

import io.overlaysdk.Access;
import io.overlaysdk.Changes;
import io.overlaysdk.Command;
import io.overlaysdk.CommandMode;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LaunchException;
import io.overlaysdk.Overlay;
import io.overlaysdk.Result;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.UnsupportedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** A session that stays when this process ends, as this process uses it. */
final class JoinedSession extends CommandSession {
  private final String name;
  private final Stays stays;
  private final Resident resident;
  private final Guard guard;
  private final Flush flush;
  private final Results results;
  private final Consumer<JoinedSession> onClose;
  private final Set<LiveCommand> running = ConcurrentHashMap.newKeySet();
  private final String mark = UUID.randomUUID().toString();
  private final AtomicLong last = new AtomicLong();
  private volatile boolean closed;

  JoinedSession(
      String name,
      Stays stays,
      Resident resident,
      Guard guard,
      Flush flush,
      Limits limits,
      Listeners listeners,
      Consumer<JoinedSession> onClose) {
    super(limits, listeners);
    this.name = name;
    this.stays = stays;
    this.resident = resident;
    this.guard = guard;
    this.flush = flush;
    this.results =
        new Results(stays.backend(), stays.start(), command -> List.of(), thrown -> thrown);
    this.onClose = onClose;
  }

  @Override
  LiveCommand begin(Command command, boolean open) {
    Variables.check(command.variables());
    requireOpen();
    Optional<InputStream> given = stdin(command);
    boolean reads = open || given.isPresent();
    // none begins another
    String own = mark + "-" + last.incrementAndGet() + "-";
    Map<String, String> variables =
        merged(merged(stays.variables(), command.variables()), Map.of(CommandTree.MARK, own));
    byte[] request = ControlDirectory.request(command, variables, results.start(command), reads);
    Deadline deadline = Deadline.of(limit(command));
    SlotExecution execution = begin(own, request, reads);
    LiveCommand live = live(command, execution, given, open, deadline, results, () -> {});
    running.add(live);
    live.ended().whenComplete((end, failure) -> running.remove(live));
    return live;
  }

  /** It ends with this process, however that ends. */
  private SlotExecution begin(String own, byte[] request, boolean reads) {
    guard.joined(own);
    try {
      SlotExecution execution = SlotExecution.begin(resident, own, request, reads);
      execution.ended().whenComplete((end, failure) -> guard.left(own));
      return execution;
    } catch (IOException e) {
      guard.left(own);
      throw new LaunchException("the session " + name + " has ended", List.of(), e);
    } catch (RuntimeException | Error e) {
      guard.left(own);
      throw e;
    }
  }

  @Override
  Result runOnTerminal(Command command) {
    throw new UnsupportedException(
        "cannot give the caller's terminal to a command in the session "
            + name
            + ", which this process has not opened: read and write the command's streams (start),"
            + " or open a session of your own");
  }

  @Override
  boolean triesAgain(Execution.End end, String messages) {
    return false;
  }

  @Override
  public Result shell() {
    return runOnTerminal(Command.of("/bin/sh"));
  }

  @Override
  public Changes changes() {
    throw new InvalidSpecException(
        "cannot tell the changes of the session "
            + name
            + " while others may run commands in it: stop it, then ask for the changes of its overlay");
  }

  @Override
  public void sync() {
    requireOpen();
    for (Overlay overlay : spec().overlays()) {
      if (overlay.access() == Access.READ_WRITE && !overlay.isEphemeral()) {
        sync(overlay.path().orElseThrow());
      }
    }
  }

  private void sync(Path overlay) {
    if (!Files.isDirectory(overlay)) {
      throw new InvalidSpecException(
          "cannot bring the image "
              + overlay
              + " onto the disk while others may run commands in the session "
              + name
              + ": stop it, which writes all of it");
    }
    flush.overlay(overlay);
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the session " + name + " was left");
    }
  }

  @Override
  public CommandMode commandMode() {
    return CommandMode.RESIDENT;
  }

  @Override
  public SessionSpec spec() {
    return stays.spec();
  }

  @Override
  public String backend() {
    return stays.backend();
  }

  /** Ends what this process has started in it, and leaves it. */
  @Override
  public void close() {
    closed = true;
    running.forEach(LiveCommand::stop);
    resident.letGo();
    onClose.accept(this);
  }
}
