package io.overlaysdk.engine;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.overlaysdk.Command;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Stdio;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A container that stays and runs one command after the other, or several at once (resident.sh). It
 * ends by itself when this JVM does, because its pipes do.
 */
final class Resident {
  private static final Logger LOG = LoggerFactory.getLogger(Resident.class);

  /** What the script says where it cannot keep commands apart. */
  static final String NO_SETSID = "overlay-sdk: no setsid in the image";

  /** While a command runs in one slot, a worker is started in another. */
  private static final int AT_ONCE_ALWAYS = 2;

  /** What a container without commands may take to end when told to. */
  private static final long LEAVING_SECONDS = 5;

  private final ControlDirectory control;
  private final String prefix;
  private final Running running;
  private final FileChannel requests;
  private final FileChannel bothSides;
  private final Queue<Slot> free = new ArrayDeque<>();
  private final Set<Slot> slots = new HashSet<>();
  private int numbered;
  private int made = AT_ONCE_ALWAYS;
  private boolean gone;
  private volatile boolean proven;
  private volatile boolean left;

  private Resident(
      ControlDirectory control,
      String prefix,
      Invocation invocation,
      Launcher launcher,
      LongConsumer started)
      throws IOException {
    this.control = control;
    this.prefix = prefix;
    List<String> pipes = new ArrayList<>(List.of(prefix));
    for (int i = 1; i <= made; i++) {
      pipes.addAll(Slot.pipes(name(i)));
    }
    control.makePipes(pipes);
    this.bothSides = control.open(prefix, READ, WRITE);
    this.requests = control.open(prefix, WRITE);
    this.running = launcher.begin(invocation, started);
    running.ended().thenRun(this::gone);
  }

  /**
   * Starts the container, and does not wait until it has started.
   *
   * @param prefix begins the names of its pipes
   */
  static Resident start(
      ControlDirectory control, String prefix, Plan plan, Launcher launcher, LongConsumer started)
      throws IOException {
    Command shell =
        Command.of(
            "/bin/sh",
            "-c",
            Scripts.RESIDENT,
            "overlay-sdk",
            ControlDirectory.inside(prefix),
            Scripts.WORKER);
    return new Resident(control, prefix, plan.enter(shell, Stdio.PIPES), launcher, started);
  }

  private String name(int slot) {
    return prefix + "-" + slot;
  }

  Running running() {
    return running;
  }

  /** Whether it has ended, or is about to. */
  boolean isEnding() {
    return left || running.ended().isDone();
  }

  /** Whether a command has ever begun in it. */
  boolean isProven() {
    return proven;
  }

  /** A slot that nobody else uses. */
  synchronized Slot take() throws IOException {
    if (!free.isEmpty() && slots.size() >= AT_ONCE_ALWAYS) {
      return free.remove();
    }
    numbered++;
    if (numbered > made) {
      List<String> pipes = new ArrayList<>();
      int more = made;
      for (int i = 0; i < more; i++) {
        made++;
        pipes.addAll(Slot.pipes(name(made)));
      }
      control.makePipes(pipes);
    }
    Slot slot = new Slot(control, name(numbered));
    slots.add(slot);
    requests.write(Tidings.line("slot " + slot.name()));
    if (gone) {
      slot.letGo();
    }
    return slot;
  }

  /** A command has begun in it. */
  void proven() {
    if (!proven) {
      proven = true;
      close(bothSides);
    }
  }

  /**
   * Takes a slot back in which nothing runs and whose pipes are empty. False where no worker can be
   * started in it: then nothing can, and the container is ended.
   */
  boolean give(Slot slot) {
    try {
      slot.callWorker();
    } catch (IOException e) {
      drop(slot);
      return true;
    }
    if (slot.awaitWorker()) {
      synchronized (this) {
        free.add(slot);
      }
      return true;
    }
    drop(slot);
    if (!left) {
      end();
      return false;
    }
    return true;
  }

  /** Gives a slot up, because something that a command has left is still in its pipes. */
  synchronized void drop(Slot slot) {
    slots.remove(slot);
    slot.close();
  }

  /** Signals a process group, as it is numbered inside. */
  synchronized void signal(String name, long group) {
    try {
      requests.write(Tidings.line("signal " + name + " " + group));
    } catch (IOException e) {
      LOG.debug("no signal {} to a container that has ended", name, e);
    }
  }

  /** Nobody waits any longer for what the container does not say any more. */
  private synchronized void gone() {
    gone = true;
    close(bothSides);
    close(requests);
    slots.forEach(Slot::letGo);
  }

  private static void close(FileChannel pipe) {
    try {
      pipe.close();
    } catch (IOException e) {
      LOG.debug("a pipe to a container", e);
    }
  }

  /** Ends the container, in which no command runs, and waits for that. */
  void leave() {
    left = true;
    if (!proven) {
      end();
      return;
    }
    synchronized (this) {
      try {
        requests.write(Tidings.line("end"));
      } catch (IOException e) {
        LOG.debug("the container had ended before it was told to", e);
      }
      slots.forEach(Slot::close);
    }
    boolean interrupted = Thread.interrupted();
    try {
      running.ended().get(LEAVING_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
      end();
    } catch (TimeoutException | ExecutionException e) {
      end();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the container with all that runs in it, and waits for that. */
  void end() {
    left = true;
    running.end();
    running.ended().join();
    synchronized (this) {
      slots.forEach(Slot::close);
    }
  }
}
