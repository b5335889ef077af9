package io.overlaysdk.engine;

import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The processes of one invocation, and the order in which they end: first the command inside, then
 * the tool around it, which takes its mounts away; killed only when they do not end by themselves.
 * A fuse2fs that is killed leaves its image dirty, so it comes last.
 */
final class ProcessTree {
  /** What a tool may take to unmount after its command is gone, before it is told to end itself. */
  private static final Duration ORDERLY_END = Duration.ofSeconds(5);

  /** What writing to an image on a slow disk may take. */
  private static final Duration WRITING = Duration.ofMinutes(10);

  /**
   * How often a process is looked at that is not a child of this one: the kernel tells us nothing.
   */
  private static final long LOOK_MILLIS = 10;

  private final long root;
  private final boolean ownSession;

  /**
   * @param ownSession whether {@code root} leads a session (setsid) in which nothing else runs
   */
  ProcessTree(long root, boolean ownSession) {
    this.root = root;
    this.ownSession = ownSession;
  }

  /** The process that the others come from. */
  long root() {
    return root;
  }

  /** Ends all of it and waits for that. An interrupt does not stop it, and is kept. */
  void end(Duration grace) {
    boolean interrupted = Thread.interrupted();
    interrupted |= awaitWritten();
    // once the namespace of the command has ended, the innermost is that of the tool's helpers
    int deepest = all().stream().mapToInt(ProcessTree::depth).max().orElse(0);
    interrupted |= signal(inNamespace(deepest), ProcessHandle::destroy, grace);
    interrupted |= awaitWritten();
    interrupted |= signal(inNamespace(deepest), ProcessHandle::destroyForcibly, ORDERLY_END);
    interrupted |= awaitWritten();
    interrupted |= signal(all(), ProcessHandle::destroy, grace);
    interrupted |= awaitWritten();
    interrupted |= signal(all(), ProcessHandle::destroyForcibly, grace);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for what writes the last changes to an image, and would die of any signal. */
  private boolean awaitWritten() {
    Deadline deadline = Deadline.of(WRITING);
    boolean interrupted = false;
    while (all().stream().anyMatch(process -> ProcStatus.isFinishing(process.pid()))
        && !deadline.isOver()) {
      interrupted |= pause();
    }
    return interrupted;
  }

  /** Waits before the next look; whether it was interrupted. */
  static boolean pause() {
    try {
      Thread.sleep(LOOK_MILLIS);
      return false;
    } catch (InterruptedException e) {
      return true;
    }
  }

  /**
   * Signals processes and waits until all of the tree has ended, which is when the tool has too. If
   * the tool ended first there is nobody who would tidy up, and only what was signalled is waited
   * for.
   */
  private boolean signal(
      List<ProcessHandle> processes, Consumer<ProcessHandle> how, Duration patience) {
    processes.forEach(how);
    Deadline deadline = Deadline.of(patience);
    boolean interrupted = false;
    List<ProcessHandle> left = all();
    while (!left.isEmpty() && !deadline.isOver()) {
      if (!isRunning(root) && left.stream().noneMatch(processes::contains)) {
        break;
      }
      interrupted |= pause();
      left = all();
    }
    return interrupted;
  }

  /** One of those that are in the most pid namespaces; the youngest, which is no helper. */
  OptionalLong innermost() {
    List<ProcessHandle> all = all();
    int deepest = all.stream().mapToInt(ProcessTree::depth).max().orElse(0);
    return all.stream()
        .filter(process -> depth(process) == deepest)
        .mapToLong(ProcessHandle::pid)
        .max();
  }

  /** Those that are in this many pid namespaces. */
  private List<ProcessHandle> inNamespace(int deepest) {
    return all().stream().filter(process -> depth(process) == deepest).toList();
  }

  private static int depth(ProcessHandle process) {
    return ProcStatus.of(process.pid()).depth();
  }

  /** All processes of it that run. */
  List<ProcessHandle> all() {
    Set<ProcessHandle> all = new LinkedHashSet<>();
    ProcessHandle.of(root).ifPresent(process -> add(process, all));
    if (ownSession) {
      // What was orphaned has another parent by now, but is still of this session.
      ProcStatus.membersOf(root).forEach(process -> add(process, all));
    }
    return all.stream().filter(process -> isRunning(process.pid())).toList();
  }

  private static void add(ProcessHandle process, Set<ProcessHandle> all) {
    if (all.add(process)) {
      process.descendants().forEach(all::add);
    }
  }

  private static boolean isRunning(long pid) {
    return !ProcStatus.of(pid).zombie();
  }
}
