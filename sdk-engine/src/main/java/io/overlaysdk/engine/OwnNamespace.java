package io.overlaysdk.engine;

import io.overlaysdk.Configuration;
import io.overlaysdk.LaunchException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Host.Answer;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.RootMapping;
import io.overlaysdk.spi.Stdio;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/**
 * The user namespace in which a plain user is root over the own subordinate ids. A JVM cannot enter
 * one, because it has threads, so the same java is started there, on the same classes; what is to
 * be done and what came of it lie in files. The owners that it sees are the container's, and it may
 * read whatever belongs to them.
 */
final class OwnNamespace {
  private static final List<String> NAMESPACES = List.of("--mount", "--propagation", "private");

  /** Those that jobs may need: found here, because a tool's PATH is not that of its caller. */
  private static final List<String> PROGRAMS =
      List.of(
          "find",
          "fuse2fs",
          "fusermount",
          "fusermount3",
          "getfattr",
          "mkfifo",
          "mknod",
          "mksquashfs",
          "setfattr",
          "squashfuse",
          "squashfuse_ll",
          "tar",
          "touch");

  private final Host host;
  private final Configuration configuration;

  OwnNamespace(Host host, Configuration configuration) {
    this.host = host;
    this.configuration = configuration;
  }

  /** Why this user cannot have one here, where that is so. */
  Optional<String> refusal() {
    if (host.identity().subordinate().isEmpty()) {
      return Optional.of(
          host.identity().user() + " has no subordinate ids (/etc/subuid, /etc/subgid)");
    }
    Optional<RootMapping> root = RootMapping.of(host);
    if (root.isEmpty()) {
      return Optional.of("unshare is not here; install the package util-linux");
    }
    List<String> words = words(root.get());
    words.add("true");
    Optional<Answer> answer = host.ask(words);
    if (answer.isPresent() && answer.get().status() == 0) {
      return Optional.empty();
    }
    return Optional.of(
        "its user namespace cannot be made: "
            + answer.map(said -> said.stderr().strip()).orElse("unshare did not end"));
  }

  /**
   * What stands before the words of a program that runs in it.
   *
   * @throws UnsupportedException where this user cannot have one
   */
  List<String> words() {
    refusal()
        .ifPresent(
            reason -> {
              throw new UnsupportedException(
                  "what belongs to others cannot be read as "
                      + host.identity().user()
                      + ": "
                      + reason);
            });
    return RootMapping.of(host).orElseThrow().words(host.identity());
  }

  private List<String> words(RootMapping root) {
    List<String> words = new ArrayList<>(root.words(host.identity()));
    words.addAll(NAMESPACES);
    return words;
  }

  /**
   * Has the job done.
   *
   * @param launcher of whoever the job is for: it ends with that
   * @param scratch a directory of the user, in which one is made
   * @return the answer, and what takes the directory away again
   * @throws OverlayException what the job threw
   */
  Answered run(Job job, Launcher launcher, Path scratch, LongConsumer started) {
    Path directory = scratch.resolve("inside-" + UUID.randomUUID());
    try {
      Files.createDirectory(directory);
      request(job, directory.resolve(Inside.REQUEST));
      Invocation invocation = invocation(directory);
      Launcher.Outcome outcome =
          launcher.run(
              invocation,
              new Launcher.Terms(Optional.empty(), Stdio.PIPES, Optional.empty(), started));
      return new Answered(answer(directory, invocation, outcome), directory);
    } catch (IOException e) {
      throw new OverlayException("cannot talk to another process in " + directory + ": " + e, e);
    }
  }

  private void request(Job job, Path file) throws IOException {
    try (Records.Writer request = new Records.Writer(file)) {
      request.write(
          Records.field(Long.toString(TimeUnit.MILLISECONDS.convert(configuration.grace()))));
      request.write(Records.field(Integer.toString(configuration.outputLimit())));
      List<byte[]> executables = new ArrayList<>();
      for (String name : PROGRAMS) {
        host.find(name)
            .ifPresent(
                path -> {
                  executables.add(Records.field(name));
                  executables.add(PathBytes.of(path));
                });
      }
      request.write(executables);
      request.write(job.fields());
    }
  }

  private Invocation invocation(Path directory) {
    List<String> words = words(RootMapping.of(host).orElseThrow());
    words.addAll(
        OwnClasses.java(
            Inside.class, List.of("-XX:TieredStopAtLevel=1", "-Djava.io.tmpdir=" + directory)));
    words.add(directory.toString());
    return Invocation.of(words);
  }

  private static Records.Reader answer(
      Path directory, Invocation invocation, Launcher.Outcome outcome) throws IOException {
    Path failure = directory.resolve(Inside.FAILURE);
    if (Files.exists(failure)) {
      try (Records.Reader reader = new Records.Reader(failure)) {
        throw Failure.of(reader.next());
      }
    }
    Path answer = directory.resolve(Inside.ANSWER);
    if (outcome.status() != 0 || !Files.exists(answer)) {
      throw new LaunchException(
          "the process in the user's own user namespace ended with status " + outcome.status(),
          invocation.words(),
          outcome.errorText());
    }
    return new Records.Reader(answer);
  }

  /** What a job answered, until it is closed. */
  record Answered(Records.Reader reader, Path directory) implements AutoCloseable {
    @Override
    public void close() {
      try {
        reader.close();
        Deletion.tree(directory);
      } catch (IOException e) {
        throw new OverlayException("cannot delete " + directory + ": " + e, e);
      }
    }
  }
}
