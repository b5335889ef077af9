package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * What {@code /proc} tells of a process, as proc(5) lays it out.
 *
 * @param group the id of its process group
 * @param session the id of its session, which is the pid of the process that started the session
 * @param zombie whether it has ended, and only its parent has not noticed
 * @param depth in how many pid namespaces it is: more, the further inside a container
 * @param startTicks when it was started, in clock ticks since the machine was; with the pid this
 *     names a process for good
 */
record ProcStatus(long group, long session, boolean zombie, int depth, long startTicks) {
  private static final Path PROC = Path.of("/proc");
  private static final Path FUSE = Path.of("/dev/fuse");

  /** Of one that has ended, and of one that is not shown to this user: {@link #isGone} tells. */
  private static final ProcStatus UNSEEN = new ProcStatus(-1, -1, true, 0, -1);

  private static final String HIDES = "hidepid=";

  static ProcStatus of(long pid) {
    Path directory = PROC.resolve(Long.toString(pid));
    try {
      String stat = Files.readString(directory.resolve("stat"), ISO_8859_1);
      // The name in parentheses may hold anything, parentheses too: count from the last one.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      return new ProcStatus(
          Long.parseLong(fields[2]),
          Long.parseLong(fields[3]),
          fields[0].equals("Z") || fields[0].equals("X"),
          depth(Files.readString(directory.resolve("status"), ISO_8859_1)),
          Long.parseLong(fields[19]));
    } catch (FileSystemException e) {
      if (Files.exists(directory) && !hides(PROC)) {
        throw untold(directory, e);
      }
      return UNSEEN;
    } catch (IOException e) {
      return UNSEEN;
    }
  }

  /** Whether it is sure that there is no such process. */
  static boolean isGone(long pid) {
    return isGone(pid, PROC);
  }

  /**
   * Whether it is sure that there is no such process.
   *
   * @param proc where the kernel's process information is
   */
  static boolean isGone(long pid, Path proc) {
    return !Files.exists(proc.resolve(Long.toString(pid)))
        && (!hides(proc) || isUnknownToTheKernel(pid));
  }

  /** Whether users do not see each other's processes there, as with {@code hidepid}, proc(5). */
  private static boolean hides(Path proc) {
    Path table = proc.resolve("self/mountinfo");
    try {
      return !Files.exists(proc.resolve("1"))
          || MountTable.of(proc, MountTable.parse(Files.readAllBytes(table)))
              .filter(mount -> mount.options().stream().anyMatch(one -> one.startsWith(HIDES)))
              .isPresent();
    } catch (IOException e) {
      throw untold(table, e);
    }
  }

  /**
   * Asks it by a signal, which it refuses to send to what it does not show. The JDK has none that
   * does nothing, and looks for processes in {@code /proc} itself.
   */
  private static boolean isUnknownToTheKernel(long pid) {
    List<String> words = List.of("/bin/sh", "-c", "kill -0 \"$1\"", "sh", Long.toString(pid));
    try {
      return Launcher.complaint(words).contains("No such process");
    } catch (IOException e) {
      return false;
    }
  }

  /** Without a descriptor nothing can be read, and what runs must not be taken for dead. */
  private static OverlayException untold(Path file, IOException cause) {
    return new OverlayException("cannot tell what runs: " + file + ": " + cause, cause);
  }

  private static int depth(String status) {
    return Math.max(1, pids(status).size());
  }

  /**
   * Whether a process is a fuse2fs that serves no file system any more, and is about to write the
   * last of it to its image: then it takes no signal for what it is, and dies of it.
   */
  static boolean isFinishing(long pid) {
    Path directory = PROC.resolve(Long.toString(pid));
    try {
      String stat = Files.readString(directory.resolve("stat"), ISO_8859_1);
      return stat.contains("(fuse2fs) ")
          && !stat.contains(") T ")
          && !holds(directory.resolve("fd"), FUSE);
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean holds(Path descriptors, Path file) throws IOException {
    for (Path descriptor : Listings.of(descriptors)) {
      if (Files.readSymbolicLink(descriptor).equals(file)) {
        return true;
      }
    }
    return false;
  }

  /** The pid that a process has in the innermost pid namespace it is in. */
  static long innermostPid(long pid) {
    try {
      String status =
          Files.readString(PROC.resolve(Long.toString(pid)).resolve("status"), ISO_8859_1);
      List<Long> pids = pids(status);
      return pids.get(pids.size() - 1);
    } catch (IOException | IndexOutOfBoundsException e) {
      return -1;
    }
  }

  /** The pids of one process, from our pid namespace to the innermost. */
  private static List<Long> pids(String status) {
    return status
        .lines()
        .filter(line -> line.startsWith("NSpid:"))
        .flatMap(line -> Stream.of(line.split("\\s+")).skip(1))
        .map(Long::parseLong)
        .toList();
  }

  /** All processes of a session. */
  static List<ProcessHandle> membersOf(long session) {
    return pids().stream()
        .filter(pid -> of(pid).session() == session)
        .flatMap(pid -> ProcessHandle.of(pid).stream())
        .toList();
  }

  /** Of all processes that this one sees. */
  static List<Long> pids() {
    List<Long> pids = new ArrayList<>();
    try {
      Listings.of(PROC, "[0-9]*")
          .forEach(process -> pids.add(Long.valueOf(process.getFileName().toString())));
    } catch (IOException e) {
      if (Files.exists(PROC)) {
        throw untold(PROC, e);
      }
      // not a Linux: then there is nothing to be found this way
      return List.of();
    }
    return pids;
  }

  /**
   * Whether a process is in the mount namespace of this one; so too where that cannot be told. One
   * that has ended is in none.
   */
  static boolean sharesOurMounts(long pid) {
    try {
      Path ours = Files.readSymbolicLink(PROC.resolve("self/ns/mnt"));
      return ours.equals(
          Files.readSymbolicLink(PROC.resolve(Long.toString(pid)).resolve("ns/mnt")));
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }
}
