package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The processes of one command among those of a resident container: what carries its mark in the
 * environment, the sessions that these lead, and their children. The mark finds what has left the
 * session and lost its parent, as a daemon does.
 */
final class CommandTree {
  /** The variable that every command of a resident container has. */
  static final String MARK = "OVERLAYSDK_COMMAND";

  private final ProcessTree container;
  private final byte[] mark;

  CommandTree(ProcessTree container, String mark) {
    this.container = container;
    this.mark = ("\0" + MARK + "=" + mark + "\0").getBytes(US_ASCII);
  }

  /** Asks all of it to end, kills it after {@code grace}, and waits at most that long again. */
  void end(Duration grace) {
    boolean interrupted = Thread.interrupted();
    interrupted |= end(grace, ProcessHandle::destroy);
    interrupted |= end(grace, ProcessHandle::destroyForcibly);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** What has been signalled once is left alone, and what it has started meanwhile is signalled. */
  private boolean end(Duration patience, Consumer<ProcessHandle> how) {
    Set<ProcessHandle> told = new HashSet<>();
    Deadline deadline = Deadline.of(patience);
    boolean interrupted = false;
    for (List<ProcessHandle> left = members(); !left.isEmpty(); left = members()) {
      left.stream().filter(told::add).forEach(how);
      if (deadline.isOver()) {
        break;
      }
      interrupted |= ProcessTree.pause();
    }
    return interrupted;
  }

  /** The process group of the command, as it is numbered inside; empty where it has ended. */
  Optional<Long> group() {
    return members().stream()
        .map(ProcessHandle::pid)
        .filter(pid -> isMarked(pid) && ProcStatus.of(pid).group() == pid)
        .min(Comparator.comparing(pid -> ProcStatus.of(pid).startTicks()))
        .map(ProcStatus::innermostPid);
  }

  private List<ProcessHandle> members() {
    List<ProcessHandle> all = container.all();
    Set<Long> marked =
        all.stream().map(ProcessHandle::pid).filter(this::isMarked).collect(Collectors.toSet());
    if (marked.isEmpty()) {
      return List.of();
    }
    Set<ProcessHandle> members = new HashSet<>();
    for (ProcessHandle process : all) {
      long session = ProcStatus.of(process.pid()).session();
      if (marked.contains(process.pid()) || marked.contains(session)) {
        members.add(process);
        process.descendants().forEach(members::add);
      }
    }
    return members.stream().filter(p -> !ProcStatus.of(p.pid()).zombie()).toList();
  }

  private boolean isMarked(long pid) {
    try {
      byte[] environment = Files.readAllBytes(Path.of("/proc", Long.toString(pid), "environ"));
      return ("\0" + new String(environment, ISO_8859_1)).contains(new String(mark, US_ASCII));
    } catch (IOException e) {
      // it has ended, or it is of a user that this one may not ask about
      return false;
    }
  }
}
