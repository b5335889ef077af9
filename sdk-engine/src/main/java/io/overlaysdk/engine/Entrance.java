package io.overlaysdk.engine;

import static io.overlaysdk.engine.Variables.merged;

import io.overlaysdk.CancelledException;
import io.overlaysdk.Command;
import io.overlaysdk.CommandMode;
import io.overlaysdk.LaunchException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.Result;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Stdio;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;

/** How the commands of one session get into its container. */
final class Entrance {
  /** Mounting a large image from a slow file system, in a machine that is busy. */
  private static final Duration STARTING = Duration.ofMinutes(10);

  /** How many containers are tried for a command that has not begun. */
  private static final int ATTEMPTS = 3;

  private final Planner.Planned planned;
  private final Plan plan;
  private final ControlDirectory control;
  private final Launcher launcher;
  private final Runnable before;
  private final LongConsumer started;
  private final Runnable mounted;
  private final Results results;
  private final AtomicLong last = new AtomicLong();
  private volatile CommandMode mode;
  private volatile boolean imageHasShell = true;
  private @Nullable Resident resident;

  /**
   * @param before makes sure that a container can be started, each time
   * @param started is told the pid of each process
   * @param mounted is told of each container that has started
   * @param explained what is thrown where one does not start
   */
  Entrance(
      Planner.Planned planned,
      ControlDirectory control,
      Launcher launcher,
      Runnable before,
      LongConsumer started,
      Runnable mounted,
      UnaryOperator<OverlayException> explained) {
    this.before = before;
    this.mounted = mounted;
    this.planned = planned;
    this.plan = planned.choice().plan();
    this.control = control;
    this.launcher = launcher;
    this.started = started;
    this.results =
        new Results(
            planned.choice().backend().name(),
            planned.start(),
            command -> invocation(plan, command, "s", Stdio.PIPES).words(),
            explained);
    this.mode = planned.spec().hasSeparateCommands() ? CommandMode.SEPARATE : CommandMode.RESIDENT;
  }

  CommandMode mode() {
    return mode;
  }

  Results results() {
    return results;
  }

  /** Whether a command that ended without having begun should be tried again, without a shell. */
  boolean triesAgain(Execution.End end, String messages) {
    if (imageHasShell && end.kind() == Execution.Kind.NOT_STARTED && lacksShell(messages)) {
      imageHasShell = false;
      return true;
    }
    return false;
  }

  /** Apptainer, Singularity and the scripts of merged roots name the program that they lack. */
  private static boolean lacksShell(String messages) {
    return messages.contains("/bin/sh");
  }

  /**
   * Starts a command whose streams are pipes. Waits where a container must be started for it, but
   * no longer than the command may take.
   *
   * @param reads whether it gets an input
   * @return empty where the session has just learnt that it cannot be resident
   * @throws LaunchException where the container cannot be started
   * @throws CancelledException where the thread is interrupted
   */
  Optional<Execution> begin(Command command, boolean reads, Deadline deadline) {
    if (mode == CommandMode.SEPARATE) {
      return Optional.of(separate(command));
    }
    for (int attempt = 1; ; attempt++) {
      Resident container = resident();
      // an earlier command, or somebody else, may have ended a container that had started well
      boolean again = container.isProven() && attempt < ATTEMPTS;
      try {
        SlotExecution execution = begin(container, command, reads);
        boolean first = !container.isProven();
        if (execution.isCertain() || awaitBegin(execution, patience(deadline))) {
          if (!container.isProven() && deadline.left().isEmpty()) {
            container.end();
            throw results.notStarted(
                command, "it has not started within " + STARTING.toMinutes() + " minutes");
          }
          if (first && container.isProven()) {
            mounted.run();
          }
          return Optional.of(execution);
        }
        if (!again) {
          giveUpResident(command, execution.ended().join().messages());
          return Optional.empty();
        }
      } catch (IOException e) {
        if (Thread.currentThread().isInterrupted()) {
          throw untalkable(e);
        }
        if (!again) {
          giveUpResident(command, lastWords(container, e));
          return Optional.empty();
        }
      }
      container.end();
    }
  }

  /** What a container said that ended before it could be asked anything. */
  private static String lastWords(Resident container, IOException cause) {
    try {
      if (container.running().ended().isDone()) {
        return container.running().messages();
      }
    } catch (IOException e) {
      cause.addSuppressed(e);
    }
    return "the container ended: " + cause;
  }

  private SlotExecution begin(Resident container, Command command, boolean reads)
      throws IOException {
    String mark = Long.toString(last.incrementAndGet());
    return SlotExecution.begin(container, mark, request(command, mark, reads), reads);
  }

  private byte[] request(Command command, String mark, boolean reads) {
    Map<String, String> variables = merged(variables(command), Map.of(CommandTree.MARK, mark));
    return ControlDirectory.request(command, variables, results.start(command), reads);
  }

  private Map<String, String> variables(Command command) {
    return merged(planned.variables(), command.variables());
  }

  private synchronized Resident resident() {
    if (resident != null && resident.isEnding()) {
      // no driver lets two mounts share one upper directory
      resident.end();
      resident = null;
    }
    if (resident == null) {
      before.run();
      String prefix = "c" + last.incrementAndGet();
      try {
        resident = Resident.start(control, prefix, admitted(), launcher, started);
      } catch (IOException e) {
        throw untalkable(e);
      }
    }
    return resident;
  }

  /** An interrupt closes the pipes. */
  private static OverlayException untalkable(IOException e) {
    return Thread.currentThread().isInterrupted()
        ? new CancelledException(
            "interrupted while the container was started",
            (InterruptedException) new InterruptedException().initCause(e))
        : new OverlayException("cannot talk to a container: " + e, e);
  }

  /** How long a container may take to start where nobody says; fetching an image has no limit. */
  private Optional<Long> patience(Deadline deadline) {
    return deadline
        .left()
        .or(
            () ->
                planned.image().kind() == ImageFacts.Kind.REMOTE
                    ? Optional.empty()
                    : Optional.of(STARTING.toNanos()));
  }

  /** False where the container could not be started. */
  private static boolean awaitBegin(SlotExecution execution, Optional<Long> patience) {
    try {
      if (patience.isPresent()) {
        execution.begun().get(patience.get(), TimeUnit.NANOSECONDS);
      } else {
        execution.begun().get();
      }
      return !execution.ended().isDone()
          || execution.ended().get().kind() != Execution.Kind.NOT_STARTED;
    } catch (TimeoutException e) {
      return true;
    } catch (InterruptedException e) {
      execution.end(Duration.ZERO);
      Thread.currentThread().interrupt();
      throw new CancelledException("interrupted while the container was started", e);
    } catch (ExecutionException e) {
      throw new OverlayException("lost the container: " + e.getCause(), e.getCause());
    }
  }

  /** Where no container can stay, because it lacks what that takes, each command gets its own. */
  private void giveUpResident(Command command, String messages) {
    if (lacksShell(messages)) {
      imageHasShell = false;
    } else if (!messages.contains(Resident.NO_SETSID)) {
      throw results.notStarted(command, messages);
    }
    mode = CommandMode.SEPARATE;
  }

  /** The plan, for a container that is started now. */
  private Plan admitted() {
    planned.admission().requireUnchanged();
    return plan;
  }

  /** What a command that gets a container of its own is started with. */
  private Invocation invocation(Plan plan, Command command, String name, Stdio stdio) {
    if (imageHasShell) {
      Command wrapped =
          Command.of(
              "/bin/sh", "-c", Scripts.COMMAND, "overlay-sdk", ControlDirectory.inside(name));
      return plan.enter(wrapped, stdio);
    }
    // nobody inside can tell how it ends, nor take more than the tool does
    Command bare = Command.of(command.words());
    for (var variable : variables(command).entrySet()) {
      bare = bare.variable(variable.getKey(), variable.getValue());
    }
    return plan.enter(bare.directory(results.start(command)), stdio);
  }

  private Execution separate(Command command) {
    before.run();
    String name = "s" + last.incrementAndGet();
    if (!imageHasShell) {
      Running.Piped running =
          launcher.begin(invocation(admitted(), command, name, Stdio.PIPES), started);
      return ProcessExecution.bare(running, plan.failureStatus());
    }
    ProcessExecution.Report report = lay(command, name);
    return ProcessExecution.reported(
        launcher.begin(invocation(admitted(), command, name, Stdio.PIPES), started), report);
  }

  private ProcessExecution.Report lay(Command command, String name) {
    try {
      return new ProcessExecution.Report(
          control,
          name,
          ControlDirectory.request(command, variables(command), results.start(command), false));
    } catch (IOException e) {
      throw new OverlayException("cannot pass " + command + " on: " + e, e);
    }
  }

  /** Runs a command with the caller's own streams, in a container of its own. */
  Result onTerminal(Command command, Deadline deadline) {
    before.run();
    String name = "s" + last.incrementAndGet();
    Optional<ProcessExecution.Report> report =
        imageHasShell ? Optional.of(lay(command, name)) : Optional.empty();
    Launcher.Outcome outcome =
        launcher.run(
            invocation(admitted(), command, name, Stdio.TERMINAL),
            new Launcher.Terms(Optional.empty(), Stdio.TERMINAL, deadline.limit(), started));
    Execution.End end =
        report
            .map(told -> told.end(outcome.status()))
            .orElseGet(() -> ProcessExecution.bareEnd(outcome.status(), plan.failureStatus()));
    return results.of(
        command, end, outcome.timedOut(), deadline, BoundedOutput.NOTHING, BoundedOutput.NOTHING);
  }

  /**
   * Starts a container that stays when this process ends; whoever asked for it lets it go or ends
   * it.
   *
   * @throws UnsupportedException where commands need containers of their own
   */
  Resident stay(Duration patience) {
    Command nothing = Command.of("/bin/sh", "-c", ":");
    Deadline deadline = Deadline.of(patience);
    before.run();
    Optional<Resident> failing = Optional.empty();
    try {
      Resident container = Resident.detach(control, Stays.PIPE, admitted(), launcher, started);
      failing = Optional.of(container);
      SlotExecution execution = begin(container, nothing, false);
      if (!awaitBegin(execution, patience(deadline)) || !execution.begun().isDone()) {
        container.end();
        giveUpResident(nothing, execution.ended().join().messages());
        throw new UnsupportedException(
            "a session that stays needs an image with a shell and setsid, which this one lacks");
      }
      execution.ended().join();
      failing = Optional.empty();
      return container;
    } catch (IOException e) {
      throw untalkable(e);
    } finally {
      failing.ifPresent(Resident::end);
    }
  }

  /** The process that is furthest inside, where a container runs. */
  synchronized OptionalLong innermost() {
    return resident == null ? OptionalLong.empty() : resident.running().tree().innermost();
  }

  /** Ends the container, in which no command runs; the next command starts it again. */
  synchronized void park() {
    if (resident != null) {
      resident.leave();
      resident = null;
    }
  }
}
