package io.overlaysdk.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Command;
import io.overlaysdk.ConfigException;
import io.overlaysdk.Image;
import io.overlaysdk.OverlayException;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.workflow.Expectation;
import io.overlaysdk.workflow.Step;
import io.overlaysdk.workflow.StepReport;
import io.overlaysdk.workflow.Workflow;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunCommandTest {
  private static final Step BUILD =
      new Step.Build("build it", Path.of("a.def"), Path.of("a.sif"), Step.Existing.REFUSE);
  private static final Step RUN =
      new Step.Run(
          "run it",
          SessionSpec.on(Image.at(Path.of("a.sif"))),
          List.of(Command.of("true")),
          Expectation.success());
  private static final Workflow WORKFLOW = new Workflow("tutorial", List.of(BUILD, RUN));

  private final FakeSdk sdk = new FakeSdk();

  private CommandLineRun run(String... args) {
    String[] all = new String[args.length + 2];
    all[0] = "run";
    all[1] = "tutorial.yaml";
    System.arraycopy(args, 0, all, 2, args.length);
    return CommandLineRun.of(sdk, path -> WORKFLOW, all);
  }

  @Test
  void printsALineForEachStepAndItsOutputBelow() {
    sdk.steps =
        List.of(
            new StepReport(1, BUILD, true, List.of(), ""),
            new StepReport(2, RUN, true, List.of("Hello", " there"), ""));

    CommandLineRun run = run();

    assertEquals(
        """
        1. build it: ok
        2. run it: ok
              Hello
               there
        tutorial: ok, 2 steps
        """,
        run.out());
    assertEquals("", run.err());
    assertEquals(0, run.status());
    assertEquals(WORKFLOW, sdk.calls.get(0));
  }

  @Test
  void exitsWith1AndSaysWhyWhereAStepFails() {
    sdk.steps =
        List.of(new StepReport(1, BUILD, false, List.of("half"), "expected more\nthan that"));

    CommandLineRun run = run();

    assertEquals(
        """
        1. build it: FAILED
              half
              expected more
              than that
        tutorial: FAILED at step 1 of 2
        """,
        run.out());
    assertEquals(1, run.status());
  }

  @Test
  void givesEverySessionTheBackend() {
    run("--backend", "singularity");

    assertEquals(WORKFLOW.backend("singularity"), sdk.calls.get(0));
  }

  @Test
  void explainsEveryStepAndPlaysNone() {
    assertEquals(
        new CommandLineRun(
            0,
            """
            1. build it
              because
            2. run it
              because
            """,
            ""),
        run("--explain"));
    assertEquals(List.of(WORKFLOW, "close sdk"), sdk.calls);
  }

  @Test
  void exitsWith125WhereTheSdkFails() {
    sdk.refusal = new OverlayException("the state directory is full");

    assertEquals(new CommandLineRun(125, "", "overlay: the state directory is full\n"), run());
  }

  @Test
  void exitsWith125WhereTheFileIsWrongAndAsksTheSdkNothing() {
    CommandLineRun run =
        CommandLineRun.of(
            sdk,
            path -> {
              throw new ConfigException(path, 3, 5, "steps[0]", "unknown key: biuld");
            },
            "run",
            "w.yaml");

    assertEquals(
        new CommandLineRun(125, "", "overlay: w.yaml:3:5: steps[0]: unknown key: biuld\n"), run);
    assertTrue(sdk.calls.isEmpty());
  }

  @Test
  void exitsWith125WhereThereIsNoSuchFile() {
    CommandLineRun run = CommandLineRun.of(sdk, "run", "/no/such.yaml");

    assertEquals(125, run.status());
    assertEquals("overlay: /no/such.yaml: there is no such workflow file\n", run.err());
  }
}
