package io.overlaysdk.engine;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.overlaysdk.Command;
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
import java.util.UUID;
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

  /**
   * @param pipe the name of the pipe that the container reads what to do from
   * @param prefix begins the names of the slots
   */
  private Resident(ControlDirectory control, String pipe, String prefix, Running running)
      throws IOException {
    this.control = control;
    this.running = running;
    this.prefix = prefix;
    this.bothSides = control.open(pipe, READ, WRITE);
    this.requests = control.open(pipe, WRITE);
  }

  /**
   * Starts a container that ends with this JVM, and does not wait until it has started.
   *
   * @param name begins the names of its pipes
   */
  static Resident start(
      ControlDirectory control, String name, Plan plan, Launcher launcher, LongConsumer started)
      throws IOException {
    Running running = launcher.begin(plan.enter(shell(name, "go"), Stdio.PIPES), started);
    return started(control, name, running);
  }

  /** Starts a container that stays when this JVM ends. */
  static Resident detach(
      ControlDirectory control, String name, Plan plan, Launcher launcher, LongConsumer started)
      throws IOException {
    Running running =
        launcher.detach(
            plan.enter(shell(name, "stay"), Stdio.PIPES), control.at(name + ".log"), started);
    return started(control, name, running);
  }

  /** The container waits for its pipes, which are made while it starts. */
  private static Resident started(ControlDirectory control, String name, Running running)
      throws IOException {
    try {
      control.makePipes(first(name, List.of(name)));
      Resident resident = new Resident(control, name, name, running);
      resident.requests.write(Tidings.line("hello"));
      resident.watch();
      return resident;
    } catch (IOException | RuntimeException e) {
      running.end();
      throw e;
    }
  }

  /** Uses a container that another process, or this one, has started to stay. */
  static Resident join(ControlDirectory control, String name, Running running) throws IOException {
    String prefix = "j" + UUID.randomUUID();
    control.makePipes(first(prefix, List.of()));
    Resident resident = new Resident(control, name, prefix, running);
    resident.watch();
    return resident;
  }

  private static List<String> first(String prefix, List<String> pipes) {
    List<String> all = new ArrayList<>(pipes);
    for (int i = 1; i <= AT_ONCE_ALWAYS; i++) {
      all.addAll(Slot.pipes(prefix + "-" + i));
    }
    return all;
  }

  /**
   * @param whenAlone what it does when nobody has its pipe open any more: "go" or "stay"
   */
  private static Command shell(String name, String whenAlone) {
    return Command.of(
        "/bin/sh",
        "-c",
        Scripts.RESIDENT,
        "overlay-sdk",
        ControlDirectory.inside(name),
        Scripts.WORKER,
        whenAlone);
  }

  private void watch() {
    running.ended().thenRun(this::gone);
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
   * Takes a slot back in which nothing runs and whose pipes are empty. False where a worker cannot
   * begin in it: then nothing can, and the container is ended.
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
    if (!left && !slot.isLost()) {
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

  /** Lets go of the container, which stays. */
  synchronized void letGo() {
    left = true;
    slots.forEach(Slot::close);
    close(bothSides);
    close(requests);
    for (int i = 1; i <= made; i++) {
      Slot.pipes(name(i)).forEach(control::delete);
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
