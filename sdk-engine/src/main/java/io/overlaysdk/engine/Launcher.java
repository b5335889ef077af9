package io.overlaysdk.engine;

import io.overlaysdk.CancelledException;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LaunchException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Stdio;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.apache.commons.exec.DefaultExecutor;
import org.apache.commons.exec.ProcessDestroyer;
import org.apache.commons.exec.PumpStreamHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The only class that starts processes. What is awaited runs through commons-exec; what needs the
 * caller's own streams, which commons-exec cannot pass on, through the JDK.
 */
final class Launcher {
  /** What a tool may take to let go of its pipes after it has ended. */
  private static final Duration DRAIN = Duration.ofSeconds(5);

  /** From here on a status may mean that the tool was killed and could not end what it started. */
  private static final int SUSPICIOUS = 125;

  private static final Logger LOG = LoggerFactory.getLogger(Launcher.class);

  private final Environment environment;
  private final Guard guard;
  private final Optional<Path> setsid;
  private final Duration grace;
  private final int outputLimit;
  private final Set<ProcessTree> running = ConcurrentHashMap.newKeySet();

  /**
   * @param guard what ends the processes if this JVM cannot
   * @param setsid the program that makes each a session of its own, where it is here
   */
  Launcher(
      Environment environment,
      Guard guard,
      Optional<Path> setsid,
      Duration grace,
      int outputLimit) {
    this.environment = environment;
    this.guard = guard;
    this.setsid = setsid;
    this.grace = grace;
    this.outputLimit = outputLimit;
  }

  /**
   * What came of a process.
   *
   * @param timedOut whether it was ended because its time was over
   */
  record Outcome(
      int status,
      boolean timedOut,
      byte[] stdout,
      byte[] stderr,
      boolean truncated,
      Duration took) {
    String outputText() {
      return new String(stdout, StandardCharsets.UTF_8);
    }

    String errorText() {
      return new String(stderr, StandardCharsets.UTF_8);
    }
  }

  /**
   * How a process is run.
   *
   * @param stdin what it reads; nothing where empty
   * @param stdio whether its streams are kept or are the caller's own
   * @param limit how long it may run
   * @param started is told its pid
   */
  record Terms(
      Optional<InputStream> stdin, Stdio stdio, Optional<Duration> limit, LongConsumer started) {
    static Terms within(Duration limit) {
      return new Terms(Optional.empty(), Stdio.PIPES, Optional.of(limit), pid -> {});
    }

    /** However long it takes. */
    static Terms toTheEnd() {
      return new Terms(Optional.empty(), Stdio.PIPES, Optional.empty(), pid -> {});
    }
  }

  /**
   * Runs a program to its end. An interrupt ends it, with all its children.
   *
   * @throws LaunchException where it cannot be started
   * @throws CancelledException where the thread is interrupted
   */
  Outcome run(Invocation invocation, Terms terms) {
    requireEncodable(invocation);
    long begin = System.nanoTime();
    boolean own = terms.stdio() == Stdio.PIPES;
    BoundedOutput out = new BoundedOutput(outputLimit);
    BoundedOutput err = new BoundedOutput(outputLimit);
    CompletableFuture<Process> started = new CompletableFuture<>();
    CompletableFuture<Integer> ended =
        own ? piped(invocation, terms, out, err, started) : inherited(invocation, started);
    Process process = awaitStart(invocation, started);
    ProcessTree tree = new ProcessTree(process.pid(), own && setsid.isPresent());
    running.add(tree);
    guard.started(process.pid());
    try {
      announce(process, tree, terms.started());
      CompletableFuture<Void> tidied =
          process.onExit().thenAcceptAsync(tool -> tidy(tool, tree, 1), Threads.POOL);
      boolean timedOut = !awaitEnd(invocation, ended, tree, terms.limit());
      join(tidied);
      return new Outcome(
          ended.join(),
          timedOut,
          out.bytes(),
          err.bytes(),
          out.truncated() || err.truncated(),
          Duration.ofNanos(System.nanoTime() - begin));
    } finally {
      running.remove(tree);
      guard.ended(process.pid());
    }
  }

  /** With the error itself where there is no thread for it. */
  private static void join(CompletableFuture<Void> work) {
    try {
      work.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof OverlayException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /**
   * Starts a program and returns while it runs. Its streams are pipes, which the caller reads.
   *
   * @param started is told its pid
   * @throws LaunchException where it cannot be started
   */
  Running.Piped begin(Invocation invocation, LongConsumer started) {
    Process process = start(invocation, guarded(invocation, Stdio.PIPES), builder -> {});
    ProcessTree tree = new ProcessTree(process.pid(), setsid.isPresent());
    running.add(tree);
    guard.started(process.pid());
    CompletableFuture<Integer> ended =
        process
            .onExit()
            .thenApplyAsync(
                tool -> {
                  if (tidy(tool, tree, SUSPICIOUS)) {
                    running.remove(tree);
                    guard.ended(process.pid());
                  }
                  return tool.exitValue();
                },
                Threads.POOL);
    announce(process, tree, started);
    return new Running.Piped(process, tree, grace, ended);
  }

  /** What cannot be remembered must not run. */
  private void announce(Process process, ProcessTree tree, LongConsumer started) {
    try {
      started.accept(process.pid());
    } catch (RuntimeException e) {
      tree.end(grace);
      throw e;
    }
  }

  /**
   * Starts a program that outlives this JVM, and that neither {@link #endAll} nor the guard ends.
   *
   * @param messages a file that gets what it writes
   */
  Running detach(Invocation invocation, Path messages, LongConsumer started) {
    Process process =
        start(
            invocation,
            environment.forTool(invocation, Stdio.PIPES),
            builder ->
                builder
                    .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                    .redirectErrorStream(true)
                    .redirectOutput(messages.toFile()));
    ProcessTree tree = new ProcessTree(process.pid(), setsid.isPresent());
    announce(process, tree, started);
    return Running.detached(tree, grace, process.onExit().thenApply(Process::exitValue), messages);
  }

  private Process start(
      Invocation invocation, Map<String, String> variables, Consumer<ProcessBuilder> streams) {
    requireEncodable(invocation);
    List<String> words = new ArrayList<>();
    setsid.ifPresent(path -> words.add(path.toString()));
    words.addAll(invocation.words());
    ProcessBuilder builder = new ProcessBuilder(words);
    builder.environment().clear();
    builder.environment().putAll(variables);
    streams.accept(builder);
    try {
      return builder.start();
    } catch (IOException | OutOfMemoryError e) {
      // the JDK starts a thread for each process
      throw new LaunchException("cannot start " + invocation.executable(), invocation.words(), e);
    }
  }

  /**
   * What a killed tool leaves (Apptainer 1.4: squashfuse, fuse-overlayfs, fuse2fs) holds its mounts
   * and the pipes of the command; and unshare (util-linux 2.38) that can make no user namespace
   * leaves who was to map the ids, waiting for ever. False where that could not be told.
   *
   * @param suspicious from which status on there may be something
   */
  private boolean tidy(Process tool, ProcessTree tree, int suspicious) {
    try {
      if (tool.exitValue() >= suspicious) {
        tree.end(grace);
      }
      return true;
    } catch (OverlayException e) {
      LOG.warn("something may be left of a tool that was killed: {}", e.getMessage());
      return false;
    }
  }

  /**
   * Starts a program that outlives the calls of this class and the JVM. Only its standard input is
   * connected.
   */
  static Process beside(Invocation invocation, Environment environment) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(invocation.words());
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().clear();
    builder.environment().putAll(environment.forTool(invocation, Stdio.PIPES));
    return builder.start();
  }

  /** What a program that ends at once writes to its standard error, in English. */
  static String complaint(List<String> words) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(words);
    builder.redirectInput(new File("/dev/null"));
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.environment().clear();
    builder.environment().put("LC_ALL", "C");
    try (InputStream errors = builder.start().getErrorStream()) {
      return new String(errors.readAllBytes(), StandardCharsets.UTF_8);
    } catch (OutOfMemoryError e) {
      // the JDK starts a thread for each process
      throw new IOException("cannot start " + words.get(0), e);
    }
  }

  /** Ends all that runs. */
  void endAll() {
    running.forEach(tree -> tree.end(grace));
  }

  private CompletableFuture<Integer> piped(
      Invocation invocation,
      Terms terms,
      BoundedOutput out,
      BoundedOutput err,
      CompletableFuture<Process> started) {
    PumpStreamHandler streams = new PumpStreamHandler(out, err, terms.stdin().orElse(null));
    streams.setStopTimeout(DRAIN);
    DefaultExecutor executor = DefaultExecutor.builder().setExecuteStreamHandler(streams).get();
    executor.setExitValues(null);
    executor.setProcessDestroyer(new Announcer(started));
    List<String> before = setsid.map(path -> List.of(path.toString())).orElse(List.of());
    return inThread(
        invocation,
        started,
        () -> {
          executor.execute(
              new ExactCommandLine(invocation, before), guarded(invocation, Stdio.PIPES));
          return started.join().waitFor();
        });
  }

  private CompletableFuture<Integer> inherited(
      Invocation invocation, CompletableFuture<Process> started) {
    return inThread(
        invocation,
        started,
        () -> {
          ProcessBuilder builder = new ProcessBuilder(invocation.words()).inheritIO();
          builder.environment().clear();
          builder.environment().putAll(guarded(invocation, Stdio.TERMINAL));
          started.complete(builder.start());
          return started.join().waitFor();
        });
  }

  private Map<String, String> guarded(Invocation invocation, Stdio stdio) {
    Map<String, String> variables = environment.forTool(invocation, stdio);
    variables.putAll(guard.starting());
    return variables;
  }

  private interface Work {
    int run() throws IOException, InterruptedException;
  }

  /**
   * commons-exec clears the interrupt flag of the thread it runs in: that must not be the caller's.
   */
  private static CompletableFuture<Integer> inThread(
      Invocation invocation, CompletableFuture<Process> started, Work work) {
    CompletableFuture<Integer> ended = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                ended.complete(work.run());
              } catch (IOException | InterruptedException | RuntimeException | OutOfMemoryError e) {
                if (started.completeExceptionally(e)) {
                  ended.completeExceptionally(e);
                } else {
                  // A pipe broke after the start; how the process ended is still to be had.
                  started.join().onExit().thenAccept(p -> ended.complete(p.exitValue()));
                }
              }
            },
            "overlay-sdk " + invocation.executable().getFileName());
    thread.setDaemon(true);
    Threads.start(thread);
    return ended;
  }

  /** Told of the process by commons-exec as soon as it runs. */
  private record Announcer(CompletableFuture<Process> started) implements ProcessDestroyer {
    @Override
    public boolean add(Process process) {
      return started.complete(process);
    }

    @Override
    public boolean remove(Process process) {
      return true;
    }

    @Override
    public int size() {
      return 1;
    }
  }

  private static Process awaitStart(Invocation invocation, CompletableFuture<Process> started) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return started.get();
        } catch (InterruptedException e) {
          // Starting takes a moment only; once it runs there is something to end.
          interrupted = true;
        } catch (ExecutionException e) {
          throw new LaunchException(
              "cannot start " + invocation.executable(), invocation.words(), e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Whether it ended by itself. */
  private boolean awaitEnd(
      Invocation invocation,
      CompletableFuture<Integer> ended,
      ProcessTree tree,
      Optional<Duration> limit) {
    try {
      if (limit.isPresent()) {
        ended.get(TimeUnit.NANOSECONDS.convert(limit.get()), TimeUnit.NANOSECONDS);
      } else {
        ended.get();
      }
      return true;
    } catch (TimeoutException e) {
      tree.end(grace);
      return false;
    } catch (InterruptedException e) {
      tree.end(grace);
      Thread.currentThread().interrupt();
      throw new CancelledException("interrupted; " + invocation.executable() + " was ended", e);
    } catch (ExecutionException e) {
      throw new LaunchException(
          "lost " + invocation.executable(), invocation.words(), e.getCause());
    }
  }

  /**
   * With {@code LC_ALL=C} the JDK writes a question mark for each character that ASCII lacks, and
   * says nothing (JDK 17, sun.jnu.encoding).
   */
  private static void requireEncodable(Invocation invocation) {
    Charset charset = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
    for (String word : invocation.words()) {
      requireEncodable(charset, word);
    }
    for (Map.Entry<String, String> variable : invocation.environment().entrySet()) {
      requireEncodable(charset, variable.getValue());
    }
  }

  private static void requireEncodable(Charset charset, String word) {
    if (!charset.newEncoder().canEncode(word)) {
      throw new InvalidSpecException(
          "\""
              + word
              + "\" cannot be passed to a program: this JVM encodes arguments in "
              + charset
              + "; start it in a UTF-8 locale, such as LC_ALL=C.UTF-8");
    }
  }
}
