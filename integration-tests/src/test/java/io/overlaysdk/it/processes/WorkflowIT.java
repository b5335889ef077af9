package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Command;
import io.overlaysdk.Explanation;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.it.Checkout;
import io.overlaysdk.it.OnEachBackend;
import io.overlaysdk.it.Tools;
import io.overlaysdk.workflow.Expectation;
import io.overlaysdk.workflow.Step;
import io.overlaysdk.workflow.StepReport;
import io.overlaysdk.workflow.Workflow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workflows, the tutorial above all. */
class WorkflowIT {
  /** What each step of the tutorial brought out, from the backend that played it first. */
  private static final Map<Integer, List<String>> PLAYED = new ConcurrentHashMap<>();

  private Site site;

  @BeforeEach
  void makeSite(@TempDir Path directory) {
    site = Site.in(directory);
  }

  @OnEachBackend
  void theTutorialBringsOutTheSameEverywhere(String backend) throws IOException {
    Path directory = Files.createDirectory(site.directory().resolve("empty"));
    Workflow tutorial = tutorial(directory).backend(backend);
    List<StepReport> reports = new ArrayList<>();
    try (OverlaySdk sdk = site.open()) {
      assertTrue(sdk.run(tutorial, reports::add), () -> last(reports).problem());
    }

    assertEquals(tutorial.steps().size(), reports.size());
    for (StepReport report : reports.subList(2, reports.size() - 1)) {
      List<String> first = PLAYED.putIfAbsent(report.number(), report.output());
      assertEquals(first == null ? report.output() : first, report.output());
    }
    assertEquals(
        List.of("app/", "app/added.txt", "app/message.txt", "app/obsolete.txt (deleted)"),
        reports.get(5).output());
    assertEquals(reports.get(0).output().get(1) + ", as before", last(reports).output().get(0));
    site.assertNothingLeft();
    assertEquals(
        "Hello from the overlay!\n",
        Files.readString(directory.resolve("my_overlay/upper/app/message.txt")));
  }

  @Test
  void theTutorialCanBePlayedAgain() throws IOException {
    Path directory = Files.createDirectory(site.directory().resolve("again"));
    Workflow tutorial = tutorial(directory).backend("fuse-overlayfs");
    try (OverlaySdk sdk = site.open()) {
      assertTrue(sdk.run(tutorial, report -> {}));
      List<StepReport> reports = new ArrayList<>();

      assertTrue(sdk.run(tutorial, reports::add), () -> last(reports).problem());

      assertEquals(
          "kept " + directory.resolve("base_container.sif") + ", which is there",
          reports.get(0).output().get(0));
      assertEquals(
          List.of(
              "deleted the " + directory.resolve("my_overlay") + " that was there",
              "made " + directory.resolve("my_overlay") + " with upper and work"),
          reports.get(1).output());
    }
  }

  @OnEachBackend
  void anExplanationStartsNoContainerAndMakesNoFile(String backend) throws IOException {
    Path directory = Files.createDirectory(site.directory().resolve("untouched"));
    Workflow tutorial = tutorial(directory).backend(backend);
    Path calls = site.directory().resolve("calls");
    Path watched =
        site.script(
            "watched",
            "echo \"$*\" >>" + calls,
            "exec " + Tools.require(Tools.of(backend)) + " \"$@\"");
    try (OverlaySdk sdk =
        OverlaySdk.open(site.configuration().executable(Tools.of(backend), watched).build())) {
      List<Explanation> explanations = sdk.explain(tutorial);

      assertEquals(
          tutorial.steps().stream().map(Step::title).toList(),
          explanations.stream().map(Explanation::title).toList());
      String all = explanations.toString();
      assertTrue(all.contains(directory.resolve("my_overlay").toString()), all);
      assertTrue(all.contains("/.singularity.d/runscript"), all);
    }
    assertEquals(List.of(), children(directory));
    site.assertNothingLeft();
    List<String> asked = Files.readAllLines(calls);
    assertTrue(
        asked.stream().allMatch(call -> call.matches("--version|version|buildcfg.*|capability.*")),
        asked.toString());
  }

  @OnEachBackend
  void stopsAtTheStepThatBringsOutSomethingElse(String backend) {
    Step wrong =
        new Step.Run(
            "Read the message",
            site.on(backend),
            List.of(Command.of("cat", "/app/message.txt")),
            new Expectation(0, Optional.of("Something else\n")));
    Step never =
        new Step.Create(
            "Make an overlay", site.directory().resolve("never"), 0, Step.Existing.REFUSE);
    List<StepReport> reports = new ArrayList<>();
    try (OverlaySdk sdk = site.open()) {
      assertFalse(sdk.run(new Workflow("wrong", List.of(wrong, never)), reports::add));
    }

    assertEquals(1, reports.size());
    assertFalse(reports.get(0).succeeded());
    String problem = reports.get(0).problem();
    assertTrue(problem.contains("Hello from the base container!\n"), problem);
    assertTrue(problem.contains("should have been\nSomething else\n"), problem);
    assertFalse(Files.exists(site.directory().resolve("never")));
    site.assertNothingLeft();
  }

  @OnEachBackend
  void stopsAtTheCommandThatFails(String backend) {
    Step wrong =
        new Step.Run(
            "Fail",
            site.on(backend),
            List.of(Command.of("sh", "-c", "echo seen; exit 3"), Command.of("echo", "not reached")),
            Expectation.success());
    List<StepReport> reports = new ArrayList<>();
    try (OverlaySdk sdk = site.open()) {
      assertFalse(sdk.run(new Workflow("fails", List.of(wrong)), reports::add));
    }

    assertEquals(List.of("seen"), reports.get(0).output());
    String problem = reports.get(0).problem();
    assertTrue(problem.contains("EXITED with 3; expected status 0"), problem);
  }

  @Test
  void replacesNoDirectoryThatIsNoOverlay() throws IOException {
    Path precious = Files.createDirectory(site.directory().resolve("precious"));
    Files.createDirectory(precious.resolve("upper"));
    Files.createDirectory(precious.resolve("work"));
    Files.writeString(precious.resolve("thesis.tex"), "three years");
    List<StepReport> reports = new ArrayList<>();
    try (OverlaySdk sdk = site.open()) {
      assertFalse(
          sdk.run(
              new Workflow(
                  "replace",
                  List.of(new Step.Create("Make it", precious, 0, Step.Existing.REPLACE))),
              reports::add));
    }

    String problem = reports.get(0).problem();
    assertTrue(problem.contains("will not delete " + precious), problem);
    assertTrue(problem.contains("thesis.tex"), problem);
    assertEquals("three years", Files.readString(precious.resolve("thesis.tex")));
  }

  /** The tutorial as it is in the checkout, but for where it makes its files. */
  private Workflow tutorial(Path directory) throws IOException {
    Path examples = Checkout.root().resolve("examples/tutorial");
    String yaml =
        Files.readString(examples.resolve("tutorial.yaml"))
            .replace("path: base_container.sif", "path: " + directory + "/base_container.sif")
            .replace("path: my_overlay", "path: " + directory + "/my_overlay");
    Path source = Files.createDirectories(site.directory().resolve("source"));
    Files.copy(examples.resolve("base.def"), source.resolve("base.def"));
    return Workflow.read(Files.writeString(source.resolve("tutorial.yaml"), yaml));
  }

  private static StepReport last(List<StepReport> reports) {
    return reports.get(reports.size() - 1);
  }

  private static List<Path> children(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.toList();
    }
  }
}
