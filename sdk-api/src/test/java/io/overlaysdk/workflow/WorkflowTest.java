package io.overlaysdk.workflow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.overlaysdk.Command;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.workflow.Step.Existing;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WorkflowTest {
  private static final SessionSpec SPEC = SessionSpec.on(Image.at(Path.of("base.sif")));
  private static final Step SHOW = new Step.Show("show", Path.of("o"), Expectation.success());

  @Test
  void keepsItsStepsInOrderAndDoesNotChangeWithTheirList() {
    List<Step> steps = new ArrayList<>(List.of(run(SPEC), SHOW));
    Workflow workflow = new Workflow("w", steps);
    steps.clear();
    assertEquals(List.of(run(SPEC), SHOW), workflow.steps());
    assertThrows(UnsupportedOperationException.class, () -> workflow.steps().clear());
  }

  @Test
  void aBackendIsNamedForEverySessionAndForNothingElse() {
    Workflow workflow = new Workflow("w", List.of(run(SPEC.backend("a")), SHOW, run(SPEC)));
    SessionSpec named = SPEC.backend("b");
    assertEquals(new Workflow("w", List.of(run(named), SHOW, run(named))), workflow.backend("b"));
  }

  @Test
  void successIsStatusZeroWithAnyOutput() {
    assertEquals(new Expectation(0, Optional.empty()), Expectation.success());
  }

  @Test
  void refusesAStepThatRunsNothing() {
    assertThrows(
        InvalidSpecException.class,
        () -> new Step.Run("r", SPEC, List.of(), Expectation.success()));
  }

  @Test
  void anOverlayIsADirectoryOrHasRoomForAFileSystem() {
    Path path = Path.of("o");
    assertEquals(0, new Step.Create("c", path, 0, Existing.REFUSE).size());
    assertEquals(1 << 20, new Step.Create("c", path, 1 << 20, Existing.REFUSE).size());
    for (long size : new long[] {-1, 1, (1 << 20) - 1}) {
      assertThrows(
          InvalidSpecException.class, () -> new Step.Create("c", path, size, Existing.REFUSE));
    }
  }

  private static Step run(SessionSpec spec) {
    return new Step.Run("run", spec, List.of(Command.of("true")), Expectation.success());
  }
}
