package io.overlaysdk.it;

import static io.overlaysdk.Termination.EXITED;
import static io.overlaysdk.Termination.TIMED_OUT;
import static io.overlaysdk.Termination.UNCERTAIN;
import static io.overlaysdk.it.ExitStatusIT.assertEnded;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.Result;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.UnsupportedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An image that has no {@code /bin/sh}: nothing of the SDK's can run inside. */
@ExtendWith(Images.Shared.class)
class WithoutShellIT {
  private static final String BUSYBOX = "/app/busybox";

  @TempDir private Path temp;

  @OnEachBackend
  void tellsTheStatusAsFarAsItCanBeKnown(String backend, Images images) throws Exception {
    for (Image image : List.of(images.shellless(), images.shelllessSandbox())) {
      try (Bench bench = Bench.of(backend, temp);
          Session session = bench.start(bench.on(image))) {
        assertEnded(EXITED, 0, session.run(BUSYBOX, "true"));
        for (int status : new int[] {1, 3, 126, 127}) {
          assertEnded(EXITED, status, session.run(BUSYBOX, "sh", "-c", "exit " + status));
        }
        boolean merged = backend.endsWith("overlayfs");
        assertEnded(merged ? EXITED : UNCERTAIN, 255, session.run(BUSYBOX, "sh", "-c", "exit 255"));
        assertEnded(merged ? UNCERTAIN : EXITED, 125, session.run(BUSYBOX, "sh", "-c", "exit 125"));
        assertEnded(EXITED, 137, session.run(BUSYBOX, "sh", "-c", "kill -KILL $$"));
        assertEquals(UNCERTAIN, session.run("/app/no-such-program").termination());
      }
    }
  }

  @OnEachBackend
  void passesWordsVariablesAndDirectoryAsTheyAre(String backend, Images images) throws Exception {
    List<String> words = new ArrayList<>(List.of(BUSYBOX, "printf", "%s\\0"));
    words.addAll(Words.AWKWARD);
    for (Image image : List.of(images.shellless(), images.shelllessSandbox())) {
      SessionSpec spec = SessionSpec.on(image).overlay(Overlay.ephemeral()).backend(backend);
      Command variables = Command.of(BUSYBOX, "cat", "/proc/self/environ");
      List<String> expected = new ArrayList<>();
      for (int i = 0; i < Words.AWKWARD.size(); i++) {
        String value = Words.AWKWARD.get(i);
        if (backend.endsWith("overlayfs") || !value.contains("\r\n")) {
          spec = spec.variable("OF_SESSION_" + i, value);
          variables = variables.variable("OF_COMMAND_" + i, value);
          expected.add("OF_SESSION_" + i + "=" + value);
          expected.add("OF_COMMAND_" + i + "=" + value);
        }
      }
      try (Bench bench = Bench.of(backend, temp);
          Session session = bench.start(spec)) {
        Words.assertSame(Words.AWKWARD, Words.split(session.run(Command.of(words)).orThrow()));
        Words.assertSame(
            expected.stream().sorted().toList(),
            Words.split(session.run(variables).orThrow()).stream()
                .filter(v -> v.startsWith("OF_"))
                .sorted()
                .toList());
        String name = "/app/ a,b:c\"'$HOME é";
        session.run(BUSYBOX, "mkdir", name).orThrow();
        Command pwd = Command.of(BUSYBOX, "pwd").directory(ContainerPath.of(name));
        assertEquals(name + "\n", session.run(pwd).orThrow().stdout());
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"apptainer", "singularity"})
  void refusesVariablesThatTheToolWouldChange(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp);
        Session session = bench.start(bench.on(images.shellless()))) {
      for (var variable : Map.of("HOME", "/app", "TEXT", "one\r\ntwo").entrySet()) {
        Command command =
            Command.of(BUSYBOX, "env").variable(variable.getKey(), variable.getValue());

        UnsupportedException e =
            assertThrows(UnsupportedException.class, () -> session.run(command));

        assertTrue(e.getMessage().contains("the variable " + variable.getKey()), e::getMessage);
      }
    }
  }

  @OnEachBackend
  void endsACommandAtItsTimeLimitAndGoesOn(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp, c -> c.grace(Duration.ofSeconds(1)));
        Session session = bench.start(bench.on(images.shellless()))) {
      Command sleeping = Command.of(BUSYBOX, "sleep", "600").timeLimit(Duration.ofMillis(700));

      Result ended = session.run(sleeping);

      assertEnded(TIMED_OUT, 124, ended);
      assertTrue(ended.took().toSeconds() < 20, () -> "took " + ended.took());
      assertEnded(EXITED, 0, session.run(BUSYBOX, "true"));
    }
  }
}
