package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Bind;
import io.overlaysdk.CancelledException;
import io.overlaysdk.Command;
import io.overlaysdk.Configuration;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.NoBackendException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Policy;
import io.overlaysdk.Recovered;
import io.overlaysdk.Result;
import io.overlaysdk.RunningCommand;
import io.overlaysdk.SdkListener;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Termination;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ContainerSessionTest {
  @TempDir Path directory;
  private OverlaySdk sdk;
  private SessionSpec spec;

  @BeforeEach
  void open() throws IOException {
    sdk = open(Configuration.builder());
    spec = SessionSpec.on(Image.at(Files.createDirectory(directory.resolve("image"))));
  }

  private OverlaySdk open(Configuration.Builder configuration) throws IOException {
    return open(configuration, Duration.ofSeconds(2));
  }

  private OverlaySdk open(Configuration.Builder configuration, Duration grace) throws IOException {
    Path services = directory.resolve("services/META-INF/services");
    Files.createDirectories(services);
    Files.writeString(
        services.resolve("io.overlaysdk.spi.Backend"),
        HostBackend.class.getName() + "\nno.such.Backend\n");
    URL[] path = {directory.resolve("services").toUri().toURL()};
    Files.createDirectories(scratch());
    Configuration built =
        configuration.scratch(scratch()).state(directory.resolve("state")).grace(grace).build();
    return Engine.open(
        built,
        Policy.none(),
        new URLClassLoader(path, HostBackend.class.getClassLoader()),
        System.getenv());
  }

  private Path scratch() {
    return directory.resolve("scratch");
  }

  @AfterEach
  void leavesNothingBehind() throws IOException {
    sdk.close();
    assertEquals(List.of(), list(scratch()));
    assertEquals(List.of(), list(directory.resolve("state")));
  }

  private static List<String> list(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(Path::toString).toList();
    }
  }

  @Test
  void tellsOutputErrorAndStatusApart() {
    try (Session session = sdk.start(spec)) {
      Result result = session.run("sh", "-c", "echo out; echo err >&2; exit 255");
      assertEquals("out\n", result.stdout());
      assertEquals("err\n", result.stderr());
      assertEquals(255, result.exitStatus());
      assertEquals(Termination.EXITED, result.termination());
      assertFalse(result.truncated());
    }
  }

  @Test
  void passesStandardInputAsBytes() {
    byte[] bytes = new byte[100_000];
    new java.util.Random(7).nextBytes(bytes);
    try (Session session = sdk.start(spec)) {
      assertArrayEquals(bytes, session.run(Command.of("cat").stdin(bytes)).stdoutBytes());
      assertEquals("", session.run("cat").stdout());
    }
  }

  @Test
  void commandsThatIgnoreTheirInputSucceed() {
    try (Session session = sdk.start(spec)) {
      assertTrue(session.run(Command.of("true").stdin(new byte[1 << 20])).succeeded());
    }
  }

  @Test
  void keepsNoMoreOutputThanTheLimit() throws IOException {
    try (OverlaySdk small = open(Configuration.builder().outputLimit(10));
        Session session = small.start(spec)) {
      Result result = session.run("sh", "-c", "printf 0123456789abcdef; printf x >&2");
      assertEquals("0123456789", result.stdout());
      assertEquals("x", result.stderr());
      assertTrue(result.truncated());
      assertEquals(0, result.exitStatus());
    }
  }

  @Test
  void commandVariablesWinOverSessionVariables() {
    try (Session session = sdk.start(spec.variable("A", "session").variable("B", "session"))) {
      Result result = session.run(Command.of("sh", "-c", "echo $A $B").variable("A", "command"));
      assertEquals("command session\n", result.stdout());
    }
  }

  @Test
  void refusesVariablesThatShellsOwn() {
    assertThrows(InvalidSpecException.class, () -> sdk.start(spec.variable("PWD", "/x")));
    try (Session session = sdk.start(spec)) {
      assertThrows(
          InvalidSpecException.class, () -> session.run(Command.of("true").variable("UID", "5")));
    }
  }

  @Test
  void endsTheWholeTreeAtTheTimeLimit() {
    try (Session session = sdk.start(spec)) {
      Command command =
          Command.of(
                  "sh", "-c", "echo $$; sleep 1000 & echo $!; trap '' TERM; sleep 1000; sleep 1000")
              .timeLimit(Duration.ofMillis(500));
      Result result = session.run(command);
      assertEquals(Termination.TIMED_OUT, result.termination());
      assertEquals(124, result.exitStatus());
      assertFalse(result.succeeded());
      List<Long> pids = result.stdout().lines().map(Long::parseLong).toList();
      assertEquals(2, pids.size());
      pids.forEach(pid -> assertTrue(ProcStatus.of(pid).zombie(), pid + " still runs"));
      assertTrue(session.run("true").succeeded());
    }
  }

  @Test
  void anInterruptEndsTheCommandAndIsKept() throws Exception {
    Path running = directory.resolve("running");
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    AtomicReference<Boolean> flag = new AtomicReference<>();
    CountDownLatch opened = new CountDownLatch(1);
    Thread thread =
        new Thread(
            () -> {
              try (Session session = sdk.start(spec)) {
                opened.countDown();
                session.run("sh", "-c", "echo $$ > " + running + "; exec sleep 1000");
              } catch (RuntimeException e) {
                opened.countDown();
                thrown.set(e);
                flag.set(Thread.currentThread().isInterrupted());
              }
            });
    thread.start();
    opened.await();
    while (thread.isAlive() && (!Files.exists(running) || Files.size(running) == 0)) {
      Thread.onSpinWait();
    }
    thread.interrupt();
    thread.join();
    assertTrue(thrown.get() instanceof CancelledException, String.valueOf(thrown.get()));
    assertTrue(flag.get());
    long pid = Long.parseLong(Files.readString(running).strip());
    assertTrue(ProcStatus.of(pid).zombie());
  }

  @Test
  void namesTheDirectoryThatIsMissing() {
    try (Session session = sdk.start(spec)) {
      Command command =
          Command.of("true").directory(io.overlaysdk.ContainerPath.of("/no/such/directory"));
      InvalidSpecException e = assertThrows(InvalidSpecException.class, () -> session.run(command));
      assertTrue(e.getMessage().contains("/no/such/directory"), e.getMessage());
    }
  }

  @Test
  void makesAnEphemeralOverlayAndTakesItAway() throws IOException {
    try (Session session = sdk.start(spec.overlay(Overlay.ephemeral()))) {
      Path made = Path.of(list(scratch()).get(0));
      assertTrue(Files.isDirectory(made.resolve("ephemeral/upper")));
      assertTrue(Files.exists(made.resolve("prepared")));
      assertTrue(session.run("true").succeeded());
    }
    assertEquals(List.of(), list(scratch()));
  }

  @Test
  void closesTwiceAndRefusesCommandsAfterwards() {
    Session session = sdk.start(spec);
    session.close();
    session.close();
    assertThrows(IllegalStateException.class, () -> session.run("true"));
  }

  @Test
  void closingWaitsUntilTheCommandOfAnotherThreadHasReported() throws Exception {
    for (int i = 0; i < 20; i++) {
      Session session = sdk.start(spec);
      Path started = directory.resolve("started" + i);
      CompletableFuture<Result> running =
          CompletableFuture.supplyAsync(
              () -> session.run("sh", "-c", "touch " + started + "; sleep 1000"));
      while (!Files.exists(started)) {
        Thread.onSpinWait();
      }
      CompletableFuture<Void> closing = CompletableFuture.runAsync(session::close);
      session.close();
      assertEquals(List.of(), list(scratch()), "for the second that closes it too");
      closing.join();
      assertEquals(143, running.join().exitStatus());
    }
  }

  @Test
  void doesNotWaitForWhatAKilledToolLeft() {
    try (Session session = sdk.start(spec)) {
      Result result = session.run("sh", "-c", "sleep 20 & kill -9 $PPID; kill -9 $$");
      assertEquals(137, result.exitStatus());
      assertEquals(Termination.UNCERTAIN, result.termination());
      assertTrue(result.took().toSeconds() < 4, result.took().toString());
    }
  }

  @Test
  void anErrorWhileACommandBeginsDoesNotHoldTheSession() {
    sdk.listen(
        new SdkListener() {
          @Override
          public void started(Session session, Command command) {
            throw new AssertionError("no memory");
          }
        });
    try (Session session = sdk.start(spec)) {
      assertThrows(AssertionError.class, () -> session.run("true"));
      assertThrows(AssertionError.class, () -> session.run("true"));
    }
  }

  @Test
  void waitsForAnyGraceThatWasAskedFor() throws IOException {
    Duration grace = Duration.ofSeconds(Long.MAX_VALUE);
    try (OverlaySdk patient = open(Configuration.builder(), grace);
        Session session = patient.start(spec)) {
      RunningCommand running = session.start(Command.of("sleep", "1000"));
      running.stop();
      assertEquals(143, running.await().exitStatus());
    }
  }

  @Test
  void anOverlayIsMadeWhereTheThreadIsInterrupted() {
    Path overlay = directory.resolve("interrupted");
    Thread.currentThread().interrupt();
    sdk.createOverlay(overlay);
    assertTrue(Thread.interrupted());
    Thread.currentThread().interrupt();
    sdk.snapshot(overlay, "one");
    assertTrue(Thread.interrupted());
    assertEquals(1, sdk.log(overlay).size());
  }

  @Test
  void refusesABindWhoseSourceIsMissing() {
    InvalidSpecException e =
        assertThrows(
            InvalidSpecException.class,
            () -> sdk.start(spec.bind(directory.resolve("missing"), "/data")));
    assertTrue(e.getMessage().contains("there is nothing at"), e.getMessage());
    assertThrows(
        InvalidSpecException.class, () -> sdk.start(spec.bind(Bind.parse("/tmp:/.overlay-sdk"))));
  }

  @Test
  void givesAReasonForEachBackend() {
    NoBackendException unknown =
        assertThrows(NoBackendException.class, () -> sdk.start(spec.backend("nosuch")));
    assertTrue(unknown.reasons().get("nosuch").contains("host-test"), unknown.getMessage());
    NoBackendException known =
        assertThrows(NoBackendException.class, () -> sdk.start(spec.backend("singularity")));
    assertTrue(
        known.reasons().get("singularity").contains("overlay-sdk-backend-singularity"),
        known.getMessage());
    assertTrue(known.getMessage().contains("no.such.Backend"), known.getMessage());
  }

  @Test
  void saysWhichConfiguredBackendIsNotThere() throws IOException {
    try (OverlaySdk other = open(Configuration.builder().backend("singularity"))) {
      String text = other.explain(spec, Command.of("true")).toString();
      assertTrue(text.contains("not singularity: it is not on the class path"), text);
    }
  }

  @Test
  void explainsWithoutMakingAnything() throws IOException {
    String text =
        sdk.explain(spec.overlay(Overlay.ephemeral()), Command.of("echo", "a b", "")).toString();
    assertTrue(text.contains("ephemeral/upper"), text);
    assertTrue(text.contains("a b"), text);
    assertTrue(text.contains("(an empty word)"), text);
    assertEquals(List.of(), list(scratch()));
  }

  @Test
  void explainsWithoutSecrets() {
    Command command =
        Command.of("tool", "--password", "s3cret", "API_TOKEN=s3cret").variable("A", "s3cret");
    String text = sdk.explain(spec, command).toString();
    assertFalse(text.contains("s3cret"), text);
    assertTrue(text.contains("API_TOKEN=***"), text);
    assertTrue(text.contains("--password"), text);
  }

  @Test
  void recoversWhatADeadOwnerLeft() throws Exception {
    Process sleeper = new ProcessBuilder("setsid", "sleep", "1000").start();
    Path left = Files.createDirectory(scratch().resolve("overlay-sdk-left"));
    Files.writeString(left.resolve("file"), "x");
    Path foreign = Files.createDirectory(directory.resolve("foreign"));
    Journal journal = new Journal(directory.resolve("state"));
    Journal.Entry entry = journal.begin("left behind");
    entry.write("scratch", left.toString());
    entry.write("scratch", foreign.toString());
    entry.process(sleeper.pid());
    Path file;
    try (Stream<Path> files = Files.list(directory.resolve("state"))) {
      file = files.findFirst().orElseThrow();
    }
    assertEquals(List.of(), sdk.recover(), "the owner lives");
    String dead = new Journal.ProcessKey(ProcessHandle.current().pid(), 1).toString();
    Files.writeString(
        file, Files.readString(file, UTF_8).replaceAll("(?m)^owner .*$", "owner " + dead));
    List<Recovered> done = sdk.recover();
    assertEquals(
        List.of(Recovered.Kind.PROCESS, Recovered.Kind.SCRATCH, Recovered.Kind.SESSION),
        done.stream().map(Recovered::kind).toList());
    assertEquals(left.toString(), done.get(1).what());
    String why = done.get(1).why();
    assertTrue(why.startsWith("its owner, process " + ProcessHandle.current().pid()), why);
    assertFalse(Files.exists(left));
    assertTrue(Files.exists(foreign), "no scratch directory of ours");
    sleeper.waitFor();
  }

  @Test
  void sharesTheCallersEnvironmentOnlyWhenAsked() throws IOException {
    Map<String, String> shared =
        Variables.shared(Map.of("A", "1", "PATH", "/x", "APPTAINER_BIND", "/y", "BAD-NAME", "2"));
    assertEquals(Map.of("A", "1"), shared);
  }
}
