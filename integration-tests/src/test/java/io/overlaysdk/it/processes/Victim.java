package io.overlaysdk.it.processes;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Who is killed. */
enum Victim {
  /** The JVM that uses the SDK. */
  JVM,
  /** What the SDK started: the tool's command line. */
  TOOL,
  /** The first process of the innermost pid namespace. */
  FIRST,
  FUSE_OVERLAYFS,
  FUSE2FS,
  SQUASHFUSE,
  /** Whatever runs for the session. */
  ANY;

  /**
   * The process, where there is one now. Nobody but the JVM and what it has started is ever chosen,
   * by descent and not by name or traces: other processes of the machine may bear the same names,
   * and see the mounts of a test.
   */
  Optional<ProcessHandle> find(Process jvm, Random random) {
    if (this == JVM) {
      return Optional.of(jvm.toHandle());
    }
    List<ProcessHandle> all = ofSessions(jvm);
    return switch (this) {
      case JVM -> throw new IllegalStateException("found before");
      case TOOL ->
          all.stream()
              .filter(process -> process.parent().equals(Optional.of(jvm.toHandle())))
              .reduce((earlier, last) -> last);
      case FIRST ->
          all.stream()
              .filter(process -> pids(process).endsWith("\t1"))
              .max(Comparator.comparing(process -> pids(process).split("\t").length));
      case FUSE_OVERLAYFS -> named(all, "fuse-overlayfs");
      case FUSE2FS -> named(all, "fuse2fs");
      case SQUASHFUSE -> named(all, "squashfuse");
      case ANY ->
          all.isEmpty() ? Optional.empty() : Optional.of(all.get(random.nextInt(all.size())));
    };
  }

  /** All that the JVM has started, but for the guard, which is of no session. */
  static List<ProcessHandle> ofSessions(Process jvm) {
    return jvm.descendants()
        .filter(process -> !Traces.words(process.pid()).contains("Ends what a JVM leaves"))
        .toList();
  }

  private static Optional<ProcessHandle> named(List<ProcessHandle> all, String program) {
    return all.stream()
        .filter(process -> Traces.words(process.pid()).split(" ", 2)[0].contains("/" + program))
        .findFirst();
  }

  /** Of the outermost namespace to the innermost, with a tab before each. */
  private static String pids(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(process.pid()), "status"), ISO_8859_1)
          .lines()
          .filter(line -> line.startsWith("NSpid:"))
          .findFirst()
          .orElse("");
    } catch (IOException e) {
      return "";
    }
  }
}
