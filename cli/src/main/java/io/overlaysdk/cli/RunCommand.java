package io.overlaysdk.cli;

import io.overlaysdk.Explanation;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.workflow.StepReport;
import io.overlaysdk.workflow.Workflow;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay run}: a workflow, step after step. */
@Command(
    name = "run",
    description = {"Plays a workflow, and stops at the first step that fails.", ""},
    customSynopsis = "overlay run WORKFLOW.yaml [--backend NAME] [--explain]",
    sortOptions = false,
    footer = {
      "",
      "Exit status: 0 where every step did what it should; 1 where one did not; 125 where the "
          + "workflow file is wrong or missing, or the SDK failed; 2 where the command line is wrong."
    })
final class RunCommand implements Callable<Integer> {
  private static final String INDENT = "      ";

  private final OpenSdk sdk;
  private final Function<Path, Workflow> reader;

  @Spec private CommandSpec spec;

  @Option(
      names = {"-b", "--backend"},
      paramLabel = "NAME",
      description = "Every session is run by this backend and no other.")
  private String backend;

  @Option(
      names = "--explain",
      description = "Print what each step would do, and why; start no container, change nothing.")
  private boolean explain;

  @Parameters(
      paramLabel = "WORKFLOW.yaml",
      converter = Converters.OfPath.class,
      description = "The file that lists the steps.")
  private Path file;

  RunCommand(OpenSdk sdk, Function<Path, Workflow> reader) {
    this.sdk = sdk;
    this.reader = reader;
  }

  @Override
  public Integer call() {
    Workflow read = reader.apply(file);
    Workflow workflow = backend == null ? read : read.backend(backend);
    return explain ? explain(sdk.get(), workflow) : play(sdk.get(), workflow);
  }

  private int explain(OverlaySdk sdk, Workflow workflow) {
    int number = 0;
    for (Explanation explanation : sdk.explain(workflow)) {
      out().println(++number + ". " + explanation);
    }
    return ExitStatus.OK;
  }

  private int play(OverlaySdk sdk, Workflow workflow) {
    int[] played = {0};
    boolean succeeded =
        sdk.run(
            workflow,
            report -> {
              played[0]++;
              print(report);
            });
    int steps = workflow.steps().size();
    out()
        .println(
            succeeded
                ? workflow.name() + ": ok, " + steps + (steps == 1 ? " step" : " steps")
                : workflow.name() + ": FAILED at step " + played[0] + " of " + steps);
    return succeeded ? ExitStatus.OK : ExitStatus.NO;
  }

  private void print(StepReport report) {
    PrintWriter out = out();
    out.println(
        report.number()
            + ". "
            + report.step().title()
            + ": "
            + (report.succeeded() ? "ok" : "FAILED"));
    report.output().forEach(line -> out.println(INDENT + line));
    report.problem().lines().forEach(line -> out.println(INDENT + line));
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }
}
