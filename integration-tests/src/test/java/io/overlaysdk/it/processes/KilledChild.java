package io.overlaysdk.it.processes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A JVM that does one operation on a {@link Workbench}, for as long as it is let. */
final class KilledChild {
  /** An operation takes a second; so long takes one that hangs. */
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private static final long LOOK_NANOS = 200_000;

  /** What is killed: the JVM, the JVM and its children with it, or only one of these. */
  enum Victim {
    JVM,
    TREE,
    TOOL
  }

  private final Process jvm;
  private final Path said;

  KilledChild(Site site, KilledOperation operation) throws IOException {
    said = site.directory().resolve("said");
    jvm =
        ChildJvm.of(
                site.directory(),
                KilledOperation.Program.class,
                site.directory().toString(),
                operation.name())
            .redirectOutput(said.toFile())
            .redirectError(site.directory().resolve("errors").toFile())
            .start();
    await("begin");
  }

  /** All that it has said. */
  String said() {
    try {
      return Files.readString(said) + Files.readString(said.resolveSibling("errors"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Nothing but an error of the SDK ends an operation in which a tool is killed. */
  void assertEndedWell() {
    assertTrue((hasSaid("done") || hasSaid("refused")) && hasSaid("closed"), said());
  }

  boolean hasSaid(String word) {
    try {
      return Files.readString(said, UTF_8).lines().anyMatch(line -> line.startsWith(word));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void await(String word) {
    long deadline = System.nanoTime() + LIMIT.toNanos();
    while (jvm.isAlive() && !hasSaid(word)) {
      assertTrue(System.nanoTime() < deadline, () -> "it hangs, without a word of " + word);
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  /** Returns how long the operation took. */
  long runToItsEnd() throws IOException, InterruptedException {
    long begin = System.nanoTime();
    await("done");
    long took = System.nanoTime() - begin;
    end();
    assertTrue(hasSaid("done"), said());
    return took;
  }

  private void end() throws IOException, InterruptedException {
    if (!jvm.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
      jvm.destroyForcibly();
      throw new AssertionError("it did not end: " + said());
    }
  }

  /**
   * @param nanos how long it is let, from when the operation begins
   */
  void kill(Victim victim, long nanos, SplittableRandom random)
      throws IOException, InterruptedException {
    LockSupport.parkNanos(nanos);
    switch (victim) {
      case JVM -> jvm.destroyForcibly();
      case TREE -> killTree();
      case TOOL -> killTool(random);
    }
    end();
  }

  private void killTree() {
    List<ProcessHandle> tree = new ArrayList<>(jvm.descendants().toList());
    jvm.destroyForcibly();
    Set<ProcessHandle> killed = new LinkedHashSet<>();
    while (!tree.isEmpty()) {
      tree.removeIf(process -> !killed.add(process));
      List<ProcessHandle> next = tree.stream().flatMap(ProcessHandle::descendants).toList();
      tree.forEach(ProcessHandle::destroyForcibly);
      tree = new ArrayList<>(next);
    }
  }

  /** The next one, where none runs now. */
  private void killTool(SplittableRandom random) {
    while (jvm.isAlive()) {
      List<ProcessHandle> tools = tools();
      if (!tools.isEmpty()) {
        tools.get(random.nextInt(tools.size())).destroyForcibly();
        return;
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  /** All but the guard, which is no tool. */
  private List<ProcessHandle> tools() {
    try (Stream<ProcessHandle> processes = jvm.descendants()) {
      return processes
          .filter(
              process -> {
                String words = Traces.words(process.pid());
                return !words.isEmpty() && !words.contains("Ends what a JVM leaves");
              })
          .toList();
    }
  }
}
