package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds which process has a file locked, as far as the kernel tells this user. */
final class LockHolder {
  private static final int LONGEST_COMMAND = 80;

  private final Path proc;
  private final Pattern lock;

  private LockHolder(Path proc, long device, long inode) {
    this.proc = proc;
    // a line that waits for a lock has "->" before the kind, and does not match; nor does flock(2),
    // which stands in nobody's way here
    this.lock =
        Pattern.compile(
            "^(?:lock:\\s*)?[0-9]+: (?:POSIX|OFDLCK)\\s+\\S+\\s+\\S+\\s+(-?[0-9]+) "
                + String.format("%02x:%02x:%d ", major(device), minor(device), inode)
                + ".*");
  }

  /**
   * @param proc where the kernel's process information is
   * @return such as {@code process 4711 (apptainer exec ...)}
   */
  static Optional<String> of(Path file, Path proc) {
    try {
      LockHolder holder =
          new LockHolder(
              proc,
              (long) Files.getAttribute(file, "unix:dev"),
              (long) Files.getAttribute(file, "unix:ino"));
      return holder.find();
    } catch (IOException e) {
      // only the wording of an error depends on it
      return Optional.empty();
    }
  }

  private Optional<String> find() throws IOException {
    Optional<String> pid = pidIn(proc.resolve("locks")).filter(id -> id.matches("[1-9][0-9]*"));
    if (pid.isEmpty()) {
      // an open file description lock, such as Apptainer's, has no process, and one of
      // another pid namespace has process 0; the descriptors tell
      pid = pidByDescriptor();
    }
    return pid.map(this::describe);
  }

  private Optional<String> pidByDescriptor() throws IOException {
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path process : processes) {
        if (holds(process)) {
          return Optional.of(process.getFileName().toString());
        }
      }
    }
    return Optional.empty();
  }

  private boolean holds(Path process) {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fdinfo"))) {
      for (Path descriptor : descriptors) {
        if (pidIn(descriptor).isPresent()) {
          return true;
        }
      }
    } catch (IOException e) {
      // another user's process, or one that has just ended
      return false;
    }
    return false;
  }

  private Optional<String> pidIn(Path file) throws IOException {
    return new String(Files.readAllBytes(file), UTF_8)
        .lines()
        .map(lock::matcher)
        .filter(Matcher::matches)
        .map(line -> line.group(1))
        .findFirst();
  }

  private String describe(String pid) {
    String command;
    try {
      byte[] words = Files.readAllBytes(proc.resolve(pid).resolve("cmdline"));
      command = new String(words, UTF_8).replace('\0', ' ').strip();
    } catch (IOException e) {
      return "process " + pid;
    }
    if (command.length() > LONGEST_COMMAND) {
      command = command.substring(0, LONGEST_COMMAND) + "...";
    }
    return "process " + pid + (command.isEmpty() ? "" : " (" + command + ")");
  }

  // how glibc's makedev puts the two numbers together
  private static long major(long device) {
    return device >>> 8 & 0xfff | device >>> 32 & ~0xfffL;
  }

  private static long minor(long device) {
    return device & 0xff | device >>> 12 & ~0xffL;
  }
}
