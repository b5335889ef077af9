package io.overlaysdk.it.processes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Command;
import io.overlaysdk.CommandMode;
import io.overlaysdk.OutputListener;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Result;
import io.overlaysdk.RunningCommand;
import io.overlaysdk.Session;
import io.overlaysdk.Termination;
import io.overlaysdk.it.OnEachBackend;
import io.overlaysdk.it.Tools;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One container for all commands of a session, whatever these do to themselves and around them. */
@Timeout(60)
class ResidentIT {
  private Site site;

  @BeforeEach
  void makeSite(@TempDir Path directory) {
    site = Site.in(directory);
  }

  private Session start(OverlaySdk sdk, String backend) {
    return sdk.start(site.on(backend).overlay(site.directoryOverlay(sdk)));
  }

  /** What tells a container from another: the start of its first process. */
  private static String container(Session session) {
    return session.run("sh", "-c", "cut -d' ' -f22 /proc/1/stat").orThrow().stdout();
  }

  @OnEachBackend
  void noCommandDisturbsTheNext(String backend) {
    List<String> rude =
        List.of(
            "kill 0",
            "kill -9 0",
            "kill -9 $$",
            "trap '' TERM; kill 0; exit 3",
            "exec sh -c 'exit 4'",
            "set -e; false",
            "cd /app; PATH=/nowhere; export PATH; umask 777; ulimit -n 3",
            "exec >&- 2>&- <&-",
            "echo no >&4; echo no >&5; exit 0",
            "(setsid sh -c 'sleep 1000' &) & exit 5",
            "sleep 1000 & exit 6",
            "head -c 3000000 /dev/zero >&2");
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      String first = container(session);
      Result before = session.run("sh", "-c", "pwd; umask; echo $PATH").orThrow();
      for (String script : rude) {
        session.run("sh", "-c", script);
        assertEquals(
            before.stdout(), session.run("sh", "-c", "pwd; umask; echo $PATH").stdout(), script);
      }
      assertEquals(CommandMode.RESIDENT, session.commandMode());
      assertEquals(first, container(session));
    }
    site.assertNothingLeft();
  }

  @OnEachBackend
  void tellsOfEachKindOfEnd(String backend) {
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      assertEquals(143, session.run("sh", "-c", "kill 0; sleep 9").exitStatus());
      assertEquals(137, session.run("sh", "-c", "kill -9 0; sleep 9").exitStatus());
      assertEquals(6, session.run("sh", "-c", "sleep 1000 & exit 6").exitStatus());
    }
  }

  /** All but the first process of the container and whoever sends the signal. */
  @OnEachBackend
  void goesOnInANewContainerWhereACommandKilledTheOld(String backend) {
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      session.run("sh", "-c", "echo kept >/app/kept").orThrow();
      Result killer = session.run("sh", "-c", "kill -9 -1; sleep 5");
      assertEquals(Termination.UNCERTAIN, killer.termination());
      assertEquals("kept\n", session.run("cat", "/app/kept").orThrow().stdout());
    }
    site.assertNothingLeft();
  }

  @OnEachBackend
  void aCommandWhoseOutputNobodyWantsDoesNotBlock(String backend) throws Exception {
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      RunningCommand command =
          session.start(Command.of("sh", "-c", "echo up; head -c 3000000 /dev/zero; exit 3"));
      assertEquals('u', command.stdout().read());
      command.stdout().close();
      assertEquals(3, command.await().exitStatus());
      assertEquals("next\n", session.run("echo", "next").orThrow().stdout());
    }
  }

  @OnEachBackend
  void aSignalReachesACommandThatHasJustBeenStarted(String backend) {
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      for (int i = 0; i < 20; i++) {
        RunningCommand command = session.start(Command.of("sleep", "1000"));
        command.signal("INT");
        assertEquals(130, command.await().exitStatus());
      }
    }
  }

  /** As where the user has as many processes as he may, of which root's are not counted. */
  @OnEachBackend
  void goesOnInANewContainerWhereTheOldCanStartNoProcess(String backend) throws Exception {
    Tools.assume(
        !System.getProperty("user.name").equals("root"), "root may start as many as it likes");
    Tools.require("prlimit");
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      session.run("sh", "-c", "echo kept >/app/kept").orThrow();
      RunningCommand other = session.start(Command.of("sh", "-c", "echo up; exec sleep 1000"));
      assertEquals('u', other.stdout().read());
      for (Traces.Trace shell : Traces.of(site.directory())) {
        if (shell.words().contains("REQUESTS WORKER")) {
          String pid = Long.toString(shell.pid());
          assertEquals(
              0, new ProcessBuilder("prlimit", "--pid", pid, "--nproc=1").start().waitFor());
        }
      }
      // in a worker that was there, in one that is not and a slot that cannot be made, in a new one
      for (int i = 0; i < 3; i++) {
        assertEquals("kept\n", session.run("cat", "/app/kept").orThrow().stdout());
      }
      assertEquals(Termination.UNCERTAIN, other.await().termination());
    }
    site.assertNothingLeft();
  }

  @OnEachBackend
  void theTimeLimitEndsWhatHasLeftTheCommandToo(String backend) {
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      String first = container(session);
      String script = "(setsid sh -c '(sleep 1000 &)' &); sleep 1000 & sleep 1000";
      Result ended = session.run(Command.of("sh", "-c", script).timeLimit(Duration.ofMillis(700)));
      assertEquals(Termination.TIMED_OUT, ended.termination());
      site.assertNoneLeftWith("sleep 1000");
      assertEquals(first, container(session));
    }
  }

  @OnEachBackend
  void severalCommandsRunAtOnceEachWithItsOwnStreams(String backend) throws Exception {
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      List<RunningCommand> running = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        running.add(
            session.start(Command.of("sh", "-c", "read x; echo $x; echo e$x >&2; exit $x")));
      }
      for (int i = 5; i >= 0; i--) {
        running.get(i).stdin().write((i + "\n").getBytes(UTF_8));
        running.get(i).stdin().close();
      }
      for (int i = 0; i < 6; i++) {
        try (RunningCommand command = running.get(i)) {
          assertEquals(i + "\n", new String(command.stdout().readAllBytes(), UTF_8));
          assertEquals("e" + i + "\n", new String(command.stderr().readAllBytes(), UTF_8));
          assertEquals(i, command.await().exitStatus());
        }
      }
    }
  }

  /** A question and its answer, twice, while the command runs; then a signal that it handles. */
  @OnEachBackend
  void talksWithACommandThatRuns(String backend) throws Exception {
    String script =
        "trap 'echo caught; exit 7' INT; while read line; do echo \"<$line>\"; done; sleep 1000 &"
            + " wait";
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend);
        RunningCommand command = session.start(Command.of("sh", "-c", script))) {
      BufferedReader answers = new BufferedReader(new InputStreamReader(command.stdout(), UTF_8));
      for (String word : List.of("one", "two")) {
        command.stdin().write((word + "\n").getBytes(UTF_8));
        command.stdin().flush();
        assertEquals("<" + word + ">", answers.readLine());
      }
      command.signal("INT");
      assertEquals("caught", answers.readLine());
      command.stdin().close();
      assertEquals(7, command.await().exitStatus());
      assertEquals(-1, answers.read());
    }
  }

  @OnEachBackend
  void stopsACommandAndItsChildren(String backend) throws Exception {
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      RunningCommand command = session.start(Command.of("sh", "-c", "sleep 1000 & echo up; wait"));
      assertEquals('u', command.stdout().read());
      command.close();
      assertEquals(
          143, command.onExit().toCompletableFuture().get(5, TimeUnit.SECONDS).exitStatus());
      site.assertNoneLeftWith("sleep 1000");
    }
  }

  @OnEachBackend
  void tellsAListenerEachLineWhileTheCommandRuns(String backend) {
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      CompletableFuture<String> first = new CompletableFuture<>();
      List<String> lines = new ArrayList<>();
      List<String> errors = new ArrayList<>();
      // the command waits for a file that is made when its first line has come
      first.thenRunAsync(() -> session.run("sh", "-c", ": >/app/go"));
      Result result =
          session.run(
              Command.of(
                  "sh",
                  "-c",
                  "echo a; until [ -e /app/go ]; do sleep 0.05; done; echo x >&2; printf 'b\\nc'"),
              OutputListener.lines(
                  line -> {
                    lines.add(line);
                    first.complete(line);
                  },
                  errors::add));
      assertEquals(List.of("a", "b", "c"), lines);
      assertEquals(List.of("x"), errors);
      assertEquals("a\nb\nc", result.stdout());
    }
  }

  @OnEachBackend
  void aListenerThatFailsEndsTheCommand(String backend) {
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      OutputListener failing =
          OutputListener.lines(
              line -> {
                throw new IllegalStateException(line);
              },
              line -> {});
      Command command = Command.of("sh", "-c", "echo told; sleep 1000");
      IllegalStateException e =
          assertThrows(IllegalStateException.class, () -> session.run(command, failing));
      assertEquals("told", e.getMessage());
      site.assertNoneLeftWith("sleep 1000");
    }
  }

  /** More than any pipe holds, both ways, and a reader that takes its time. */
  @OnEachBackend
  void aCommandWaitsForWhoReadsIt(String backend) throws Exception {
    byte[] bytes = new byte[3_000_000];
    new Random(20261127).nextBytes(bytes);
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      assertArrayEquals(bytes, session.run(Command.of("cat").stdin(bytes)).orThrow().stdoutBytes());
      AtomicInteger count = new AtomicInteger();
      try (RunningCommand command =
          session.start(Command.of("sh", "-c", "head -c 3000000 /dev/zero; echo end >&2"))) {
        // the command cannot have got to its end, because nobody has read what comes before
        assertTrue(!command.onExit().toCompletableFuture().isDone());
        assertEquals(3_000_000, drain(command, count));
        assertEquals(0, command.await().exitStatus());
      }
    }
  }

  private static int drain(RunningCommand command, AtomicInteger count) throws IOException {
    byte[] piece = new byte[70_000];
    for (int n = command.stdout().read(piece); n >= 0; n = command.stdout().read(piece)) {
      count.addAndGet(n);
    }
    return count.get();
  }

  /** Also where a process holds the pipes open that the command has left. */
  @OnEachBackend
  void outputIsCompleteWhereSomethingHoldsThePipe(String backend) {
    try (OverlaySdk sdk = site.open();
        Session session = start(sdk, backend)) {
      for (int i = 0; i < 5; i++) {
        Result result =
            session.run("sh", "-c", "sleep 1000 & head -c 200000 /dev/zero; echo end").orThrow();
        assertEquals(200_004, result.stdoutBytes().length);
      }
    }
    site.assertNothingLeft();
  }

  @OnEachBackend
  void separateCommandsGiveTheSameResults(String backend) {
    try (OverlaySdk sdk = site.open();
        Session session =
            sdk.start(site.on(backend).overlay(site.directoryOverlay(sdk)).separateCommands())) {
      assertEquals(CommandMode.SEPARATE, session.commandMode());
      String first = container(session);
      assertEquals(3, session.run("sh", "-c", "echo kept >/app/kept; exit 3").exitStatus());
      assertEquals("kept\n", session.run("cat", "/app/kept").orThrow().stdout());
      assertEquals("in", session.run(Command.of("cat").stdin("in".getBytes(UTF_8))).stdout());
      try (RunningCommand command = session.start(Command.of("sh", "-c", "read x; echo $x"))) {
        command.stdin().write("typed\n".getBytes(UTF_8));
        command.stdin().close();
        assertEquals("typed\n", new String(command.stdout().readAllBytes(), UTF_8));
        assertEquals(0, command.await().exitStatus());
      } catch (IOException e) {
        throw new AssertionError(e);
      }
      assertTrue(!first.equals(container(session)), first);
      // a request holds the values of variables, and goes when it has been answered
      List<String> own = session.run("ls", "/.overlay-sdk").orThrow().stdout().lines().toList();
      assertEquals(2, own.size(), own::toString);
    }
    site.assertNothingLeft();
  }
}
