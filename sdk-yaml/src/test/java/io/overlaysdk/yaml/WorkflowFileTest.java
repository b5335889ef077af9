package io.overlaysdk.yaml;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.Access;
import io.overlaysdk.Bind;
import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Gpu;
import io.overlaysdk.Image;
import io.overlaysdk.Network;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Share;
import io.overlaysdk.workflow.Expectation;
import io.overlaysdk.workflow.Step;
import io.overlaysdk.workflow.Step.Existing;
import io.overlaysdk.workflow.Workflow;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkflowFileTest {
  private static final String DECLARED =
      """
      version: 1
      name: Steps
      images:
        base: {path: base.sif, definition: base.def}
        remote: {uri: docker://debian:12}
        root: {host: true}
      overlays:
        mine: {path: my_overlay}
        image: {path: image.img, size: 1G}
        temporary: {ephemeral: true}
        small: {ephemeral: 256M}
      steps:
      """;

  @TempDir Path directory;

  @BeforeEach
  void writeDefinition() throws IOException {
    Files.writeString(directory.resolve("base.def"), "Bootstrap: scratch\n");
  }

  private List<Step> steps(String steps) throws IOException {
    return Written.to(directory, DECLARED + steps).workflow().steps();
  }

  private Step.Run run(String run) throws IOException {
    return (Step.Run) steps("  - run: " + run + "\n").get(0);
  }

  @Test
  void readsNameAndStepsInOrder() throws IOException {
    Workflow workflow =
        Written.to(directory, DECLARED + "  - unchanged: base\n  - show: mine\n").workflow();
    assertEquals("Steps", workflow.name());
    assertEquals(
        List.of(
            new Step.Unchanged("Check that base.sif is unchanged", Path.of("base.sif")),
            new Step.Show(
                "Show what lies in my_overlay", Path.of("my_overlay"), Expectation.success())),
        workflow.steps());
  }

  @Test
  void isCalledAsItsFileWithoutAName() throws IOException {
    String text = "images: {a: {path: a.sif}}\nsteps: [{unchanged: a}]\n";
    assertEquals("file.yaml", Written.to(directory, text).workflow().name());
  }

  @Test
  void findsDefinitionsBesideTheWorkflowAndImagesInTheCurrentDirectory() throws IOException {
    assertEquals(
        List.of(
            new Step.Build(
                "Build base.sif from base.def",
                directory.resolve("base.def"),
                Path.of("base.sif"),
                Existing.REFUSE),
            new Step.Build(
                "Again", directory.resolve("base.def"), Path.of("base.sif"), Existing.KEEP)),
        steps("  - build: base\n  - {build: base, existing: keep, name: Again}\n"));
  }

  @Test
  void makesDirectoriesAndImages() throws IOException {
    assertEquals(
        List.of(
            new Step.Create(
                "Make the overlay my_overlay", Path.of("my_overlay"), 0, Existing.REPLACE),
            new Step.Create(
                "Make the overlay image.img", Path.of("image.img"), 1 << 30, Existing.REFUSE)),
        steps("  - {create: mine, existing: replace}\n  - create: image\n"));
  }

  @Test
  void readsEveryKeyOfARun() throws IOException {
    Step.Run step =
        run(
            """
            {image: base, overlays: [{overlay: mine, access: read-only}, small],
                command: [sh, -c, "echo $A", no, 0123], stdin: "é\\n",
                environment: {A: no, B: ""}, binds: ["/s:/t:ro", {source: data, target: /data}],
                share: [tmp, env], directory: /app, fakeroot: true, drop-capabilities: true,
                other-base: true, gpu: nvidia, network: none, time-limit: 2m, backend: apptainer}""");
    assertEquals(
        SessionSpec.on(Image.at(Path.of("base.sif")))
            .overlay(Overlay.at(Path.of("my_overlay")).readOnly())
            .overlay(Overlay.ephemeral(256 << 20))
            .bind(new Bind(Path.of("/s"), ContainerPath.of("/t"), Access.READ_ONLY))
            .bind(new Bind(Path.of("data"), ContainerPath.of("/data"), Access.READ_WRITE))
            .share(Share.TMP, Share.ENVIRONMENT)
            .variable("A", "no")
            .variable("B", "")
            .directory(ContainerPath.of("/app"))
            .fakeroot()
            .dropCapabilities()
            .allowOtherBase()
            .gpu(Gpu.NVIDIA)
            .network(Network.NONE)
            .timeLimit(Duration.ofMinutes(2))
            .backend("apptainer"),
        step.session());
    Command command = step.commands().get(0);
    assertEquals(List.of("sh", "-c", "echo $A", "no", "0123"), command.words());
    assertArrayEquals(
        new byte[] {(byte) 0xc3, (byte) 0xa9, '\n'}, command.stdinBytes().orElseThrow());
    assertEquals(Expectation.success(), step.expect());
  }

  @Test
  void leavesOutWhatIsNotAskedFor() throws IOException {
    Step.Run step = run("{image: root, fakeroot: false, command: [true], network: host}");
    assertEquals(SessionSpec.on(Image.host()), step.session());
    assertEquals(List.of(Command.of("true")), step.commands());
  }

  @Test
  void stacksOverlaysBottomToTop() throws IOException {
    assertEquals(
        List.of(
            Overlay.at(Path.of("image.img")).readOnly(),
            Overlay.at(Path.of("my_overlay")).readOnly(),
            Overlay.ephemeral()),
        run("{image: remote, command: [id], overlays: [{overlay: image, access: read-only}, "
                + "{overlay: mine, access: read-only}, {overlay: temporary, access: read-write}]}")
            .session()
            .overlays());
  }

  @Test
  void runsTheRunscriptWithAndWithoutArguments() throws IOException {
    assertEquals(List.of(Command.runscript()), run("{image: base, runscript: true}").commands());
    assertEquals(
        List.of(Command.runscript("-v", "1")), run("{image: base, runscript: [-v, 1]}").commands());
  }

  @Test
  void runsSeveralCommandsInOneSession() throws IOException {
    assertEquals(
        List.of(Command.of("touch", "/x"), Command.of("ls", "/")),
        run("{image: base, overlays: [mine], commands: [[touch, /x], [ls, /]]}").commands());
  }

  @Test
  void readsWhatAStepMustBringOut() throws IOException {
    List<Step> steps =
        steps(
            """
              - run: {image: base, command: [a]}
                expect: {status: 3, stdout: "x\\n"}
              - run: {image: base, command: [a]}
                expect: {stdout: ""}
              - show: mine
                expect: {stdout: "app/\\n"}
            """);
    assertEquals(new Expectation(3, Optional.of("x\n")), ((Step.Run) steps.get(0)).expect());
    assertEquals(new Expectation(0, Optional.of("")), ((Step.Run) steps.get(1)).expect());
    assertEquals(new Expectation(0, Optional.of("app/\n")), ((Step.Show) steps.get(2)).expect());
  }

  @Test
  void takesAnImageByUri() throws IOException {
    assertEquals(
        Image.of(URI.create("docker://debian:12")),
        run("{image: remote, command: [id]}").session().image());
  }

  @Test
  void namesARunByWhatItRuns() throws IOException {
    assertEquals("Run cat /a b on base", run("{image: base, command: [cat, /a b]}").title());
    assertEquals("Run the runscript of base", run("{image: base, runscript: true}").title());
    assertEquals("Run 2 commands on base", run("{image: base, commands: [[a], [b]]}").title());
    assertEquals(
        "Run sh -c a\\nb on base", run("{image: base, command: [sh, -c, \"a\\nb\"]}").title());
    assertEquals(
        "Run " + "x".repeat(60) + "… on base",
        run("{image: base, command: [" + "x".repeat(61) + "]}").title());
  }
}
