package io.overlaysdk.it.processes;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The processes that have to do with one directory: it is in their words or their environment, they
 * have something in it open, or see something of it mounted. That finds a FUSE driver too, which
 * Apptainer 1.4 starts with no environment and with words that do not tell what it serves.
 */
final class Traces {
  private static final long SELF = ProcessHandle.current().pid();

  private Traces() {}

  /** A process; {@code words} as {@code /proc} has them, with a space between two. */
  record Trace(long pid, String words) {
    @Override
    public String toString() {
      return pid + " " + words.substring(0, Math.min(words.length(), 120)).replace('\n', ' ');
    }
  }

  /** All of them, but for this JVM. */
  static List<Trace> of(Path directory) {
    List<Trace> traces = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[1-9]*")) {
      for (Path process : processes) {
        long pid = Long.parseLong(process.getFileName().toString());
        String words = read(process.resolve("cmdline"));
        if (pid != SELF && !words.isEmpty() && isTraced(process, words, directory.toString())) {
          traces.add(new Trace(pid, words.replace('\0', ' ')));
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return traces;
  }

  /** The one whose words hold this text. */
  static Optional<Trace> with(Path directory, String text) {
    return of(directory).stream().filter(trace -> trace.words().contains(text)).findFirst();
  }

  /** Whether it has not ended; one that nobody has reaped has no words any more. */
  static boolean isRunning(ProcessHandle process) {
    return !words(process.pid()).isEmpty();
  }

  static String words(long pid) {
    return read(Path.of("/proc", Long.toString(pid), "cmdline")).replace('\0', ' ');
  }

  private static boolean isTraced(Path process, String words, String directory) {
    return words.contains(directory)
        || read(process.resolve("environ")).contains(directory)
        || !sharesOurMounts(process) && read(process.resolve("mountinfo")).contains(directory)
        || hasOpen(process, directory);
  }

  /** What is mounted where every process sees it, such as by a commit, tells of none of them. */
  private static boolean sharesOurMounts(Path process) {
    try {
      return Files.readSymbolicLink(process.resolve("ns/mnt"))
          .equals(Files.readSymbolicLink(Path.of("/proc/self/ns/mnt")));
    } catch (IOException e) {
      return true;
    }
  }

  private static boolean hasOpen(Path process, String directory) {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fd"))) {
      for (Path descriptor : descriptors) {
        if (Files.readSymbolicLink(descriptor).toString().startsWith(directory)) {
          return true;
        }
      }
    } catch (IOException e) {
      // another user's process, or one that has just ended
      return false;
    }
    return false;
  }

  private static String read(Path file) {
    try {
      return new String(Files.readAllBytes(file), ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }
}
