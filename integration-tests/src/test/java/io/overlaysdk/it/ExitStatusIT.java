package io.overlaysdk.it;

import static io.overlaysdk.Termination.EXITED;
import static io.overlaysdk.Termination.TIMED_OUT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LaunchException;
import io.overlaysdk.Overlay;
import io.overlaysdk.Result;
import io.overlaysdk.Session;
import io.overlaysdk.Termination;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** How a command ended is told apart from how the tool around it ended. */
@ExtendWith(Images.Shared.class)
class ExitStatusIT {
  @TempDir private Path temp;

  @OnEachBackend
  void tellsTheStatusOfTheProgramWhateverItIs(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp);
        Session session = bench.start(bench.on(images.tutorial()))) {
      for (int status : new int[] {0, 1, 3, 125, 126, 127, 255}) {
        assertEnded(EXITED, status, session.run("sh", "-c", "exit " + status));
      }
      assertEnded(EXITED, 127, session.run("no-such-program"));
      assertEnded(EXITED, 127, session.run("/app/no-such-program"));
      assertEnded(EXITED, 126, session.run("/app/message.txt"));
      assertEnded(EXITED, 126, session.run("/app"));
    }
  }

  @OnEachBackend
  void tellsTheSignalThatEndedTheProgram(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp);
        Session session = bench.start(bench.on(images.tutorial()))) {
      assertEnded(EXITED, 137, session.run("sh", "-c", "kill -KILL $$"));
      assertEnded(EXITED, 143, session.run("sh", "-c", "kill -TERM $$"));
      assertEnded(EXITED, 129, session.run("sh", "-c", "kill -HUP $$"));
      assertEnded(EXITED, 130, session.run("sh", "-c", "kill -INT $$"));
      assertEnded(EXITED, 141, session.run("sh", "-c", "kill -PIPE $$"));
    }
  }

  @OnEachBackend
  void endsACommandAtItsTimeLimitAndGoesOn(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp, c -> c.grace(Duration.ofSeconds(1)));
        Session session = bench.start(bench.on(images.tutorial()).overlay(Overlay.ephemeral()))) {
      Command sleeping =
          Command.of("sh", "-c", "echo before; echo kept > /app/kept; sleep 600 & sleep 600")
              .timeLimit(Duration.ofSeconds(3));
      Command deaf =
          Command.of("sh", "-c", "trap '' TERM INT HUP; while :; do sleep 1; done")
              .timeLimit(Duration.ofSeconds(2));

      Result ended = session.run(sleeping);
      assertEnded(TIMED_OUT, 124, ended);
      assertEquals("before\n", ended.stdout());
      assertTrue(ended.took().toSeconds() < 20, () -> "took " + ended.took());
      assertEnded(TIMED_OUT, 124, session.run(deaf));
      assertEquals("kept\n", session.run("cat", "/app/kept").orThrow().stdout());
    }
  }

  @OnEachBackend
  void saysThatTheToolFailedWhereItDid(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      Path directory = temp.resolve("gone");
      Overlay overlay = bench.sdk().createOverlay(directory);
      try (Session session = bench.start(bench.on(images.tutorial()).overlay(overlay))) {
        Programs.run("rm", "-rf", directory.toString());

        LaunchException e = assertThrows(LaunchException.class, () -> session.run("true"));

        assertTrue(e.getMessage().contains(directory.toString()), e::getMessage);
        assertTrue(e.toolOutput().contains(directory.toString()), e::toolOutput);
      }
    }
  }

  @OnEachBackend
  void saysThatADirectoryToStartInIsMissing(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp);
        Session session = bench.start(bench.on(images.tutorial()))) {
      Command command = Command.of("true").directory(ContainerPath.of("/no/such"));

      InvalidSpecException e = assertThrows(InvalidSpecException.class, () -> session.run(command));

      assertTrue(e.getMessage().contains("/no/such"), e::getMessage);
      session.run("true").orThrow();
    }
  }

  static void assertEnded(Termination termination, int status, Result result) {
    assertEquals(
        termination + " " + status,
        result.termination() + " " + result.exitStatus(),
        () -> result.command() + ": " + result.stderr());
  }
}
