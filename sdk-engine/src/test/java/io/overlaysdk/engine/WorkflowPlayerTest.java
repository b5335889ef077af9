package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import io.overlaysdk.Command;
import io.overlaysdk.Image;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Result;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Termination;
import io.overlaysdk.spi.Host;
import io.overlaysdk.workflow.Expectation;
import io.overlaysdk.workflow.Step;
import io.overlaysdk.workflow.StepReport;
import io.overlaysdk.workflow.Workflow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkflowPlayerTest {
  private static final Command COMMAND = Command.of("say");

  @TempDir Path directory;
  private final OverlaySdk sdk = mock(OverlaySdk.class);
  private final Session session = mock(Session.class);
  private final List<StepReport> reports = new ArrayList<>();
  private Path image;

  @BeforeEach
  void answer() throws IOException {
    image = Files.writeString(directory.resolve("image"), "an image");
    when(sdk.start(any())).thenReturn(session);
    says("hello\n", 0);
  }

  private void says(String stdout, int status) {
    when(session.run(COMMAND))
        .thenReturn(
            new Result(
                COMMAND,
                Termination.EXITED,
                status,
                stdout.getBytes(UTF_8),
                new byte[0],
                false,
                Duration.ZERO));
  }

  private boolean play(Step... steps) {
    Removal removal = new Removal(mock(Host.class), mock(Launcher.class));
    return new WorkflowPlayer(sdk, removal)
        .play(new Workflow("test", List.of(steps)), reports::add);
  }

  private Step.Run run(int status, String stdout) {
    return new Step.Run(
        "run",
        SessionSpec.on(Image.at(image)),
        List.of(COMMAND),
        new Expectation(status, Optional.ofNullable(stdout)));
  }

  @Test
  void stopsAtTheFirstStepThatFails() {
    assertFalse(play(run(0, "hello\n"), run(0, "something else\n"), run(0, "hello\n")));
    assertEquals(List.of(1, 2), reports.stream().map(StepReport::number).toList());
    assertTrue(reports.get(0).succeeded());
    assertEquals(
        "the output was\nhello\nand should have been\nsomething else\n", reports.get(1).problem());
  }

  @Test
  void comparesTheStatus() {
    says("", 3);
    assertTrue(play(run(3, null)));
    assertFalse(play(run(0, null)));
    assertTrue(reports.get(1).problem().contains("expected status 0"), reports.toString());
  }

  @Test
  void anErrorOfTheSdkFailsTheStepThatCausedIt() {
    when(sdk.start(any())).thenThrow(new OverlayException("no such thing"));
    assertFalse(play(run(0, null)));
    assertEquals("no such thing", reports.get(0).problem());
  }

  @Test
  void noticesAnImageThatChanged() throws IOException {
    Step unchanged = new Step.Unchanged("same", image);
    assertTrue(play(run(0, null), unchanged));
    when(sdk.start(any()))
        .thenAnswer(
            call -> {
              Files.writeString(image, "another image");
              return session;
            });
    assertFalse(play(run(0, null), unchanged));
    assertTrue(reports.get(3).problem().contains("has SHA-256"), reports.get(3).problem());
  }

  @Test
  void hasNothingToCompareWithWhereNoStepUsedTheImage() {
    assertFalse(play(new Step.Unchanged("same", image)));
    assertTrue(reports.get(0).problem().contains("no step before this one"));
  }

  @Test
  void keepsRefusesOrReplacesWhatIsThere() throws IOException {
    Path overlay = Files.createDirectories(directory.resolve("overlay"));
    Files.createDirectory(overlay.resolve("upper"));
    Files.createDirectory(overlay.resolve("work"));
    assertTrue(play(new Step.Create("keep", overlay, 0, Step.Existing.KEEP)));
    verify(sdk, never()).createOverlay(any());
    assertTrue(play(new Step.Create("replace", overlay, 0, Step.Existing.REPLACE)));
    verify(sdk).deleteOverlay(overlay);
    verify(sdk).createOverlay(overlay);
    when(sdk.createOverlay(overlay)).thenThrow(new OverlayException("is there"));
    assertFalse(play(new Step.Create("refuse", overlay, 0, Step.Existing.REFUSE)));
  }

  @Test
  void replacesNothingThatIsNoOverlay() throws IOException {
    Path home = Files.createDirectories(directory.resolve("home"));
    Files.createDirectory(home.resolve("upper"));
    Files.writeString(home.resolve("thesis.tex"), "years of work");
    doThrow(new OverlayException("no overlay")).when(sdk).deleteOverlay(home);
    assertFalse(play(new Step.Create("replace", home, 0, Step.Existing.REPLACE)));
    verify(sdk, never()).createOverlay(any());
    Step build = new Step.Build("replace", Path.of("x.def"), home, Step.Existing.REPLACE);
    assertFalse(play(build));
    assertTrue(Files.exists(home.resolve("thesis.tex")));
  }

  @Test
  void showsWhatLiesInAnUpperDirectory() throws IOException {
    Path upper = Files.createDirectories(directory.resolve("overlay/upper"));
    Files.createDirectory(upper.resolve("app"));
    Files.writeString(upper.resolve("app/.wh.gone"), "");
    Files.writeString(upper.resolve("app/.wh..wh..opq"), "");
    Files.writeString(upper.resolve("app/new\nline"), "x");
    Expectation expected =
        new Expectation(0, Optional.of("app/\napp/gone (deleted)\napp/new\\x0aline\n"));
    assertTrue(
        play(new Step.Show("show", directory.resolve("overlay"), expected)), reports::toString);
  }
}
