package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.OverlayHolder;
import io.overlaysdk.spi.Secrets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds which process has a file locked, as far as the kernel tells this user. */
final class LockHolder {
  private static final int LONGEST_COMMAND = 80;

  private final Path proc;
  private final Pattern lock;

  private LockHolder(Path proc, long device, long inode, String kind) {
    this.proc = proc;
    // a line that waits for a lock has "->" before the kind, and does not match; nor does flock(2),
    // which stands in nobody's way here
    this.lock =
        Pattern.compile(
            "^(?:lock:\\s*)?[0-9]+: (?:POSIX|OFDLCK)\\s+\\S+\\s+"
                + kind
                + "\\s+(-?[0-9]+) "
                + String.format("%02x:%02x:%d ", major(device), minor(device), inode)
                + ".*");
  }

  /**
   * Whoever has locked it.
   *
   * @param proc where the kernel's process information is
   */
  static Optional<OverlayHolder> of(Path file, Path proc) {
    return of(file, proc, "\\S+");
  }

  /**
   * Who has locked it alone.
   *
   * @param proc where the kernel's process information is
   */
  static Optional<OverlayHolder> writing(Path file, Path proc) {
    return of(file, proc, "WRITE");
  }

  private static Optional<OverlayHolder> of(Path file, Path proc, String kind) {
    try {
      LockHolder holder =
          new LockHolder(
              proc,
              (long) Files.getAttribute(file, "unix:dev"),
              (long) Files.getAttribute(file, "unix:ino"),
              kind);
      return holder.find();
    } catch (IOException e) {
      // only the wording of an error depends on it
      return Optional.empty();
    }
  }

  private Optional<OverlayHolder> find() throws IOException {
    Optional<String> pid = pidIn(proc.resolve("locks")).filter(id -> id.matches("[1-9][0-9]*"));
    if (pid.isEmpty()) {
      // an open file description lock, such as Apptainer's, has no process, and one of
      // another pid namespace has process 0; the descriptors tell
      pid = pidByDescriptor();
    }
    return pid.isEmpty() ? Optional.empty() : Optional.of(describe(pid.get()));
  }

  private Optional<String> pidByDescriptor() throws IOException {
    for (Path process : Listings.of(proc, "[0-9]*")) {
      if (holds(process)) {
        return Optional.of(process.getFileName().toString());
      }
    }
    return Optional.empty();
  }

  private boolean holds(Path process) {
    try {
      for (Path descriptor : Listings.of(process.resolve("fdinfo"))) {
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

  private OverlayHolder describe(String pid) throws IOException {
    Path process = proc.resolve(pid);
    return new OverlayHolder(
        command(process),
        OptionalLong.of(Long.parseLong(pid)),
        user(process),
        Optional.of(Journal.hostName()),
        Optional.empty(),
        Optional.of(true),
        Optional.empty());
  }

  private static Optional<String> user(Path process) {
    try {
      return Optional.of(Files.getOwner(process).getName());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static String command(Path process) {
    String command;
    try {
      byte[] words = Files.readAllBytes(process.resolve("cmdline"));
      command =
          String.join(" ", Secrets.masked(List.of(new String(words, UTF_8).split("\0")))).strip();
    } catch (IOException e) {
      return "";
    }
    return command.length() > LONGEST_COMMAND
        ? command.substring(0, LONGEST_COMMAND) + "..."
        : command;
  }

  // how glibc's makedev puts the two numbers together
  private static long major(long device) {
    return device >>> 8 & 0xfff | device >>> 32 & ~0xfffL;
  }

  private static long minor(long device) {
    return device & 0xff | device >>> 12 & ~0xffL;
  }
}
