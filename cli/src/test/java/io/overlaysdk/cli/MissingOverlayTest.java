package io.overlaysdk.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Command;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.workflow.Expectation;
import io.overlaysdk.workflow.Step;
import io.overlaysdk.workflow.Workflow;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MissingOverlayTest {
  private final FakeSdk sdk = new FakeSdk();

  @TempDir Path dir;

  private CommandLineRun run(String command, String overlay) {
    return CommandLineRun.of(sdk, command, "-o", overlay, "base.sif", "true");
  }

  private SessionSpec session(Path overlay) {
    return SessionSpec.on(Image.at(Path.of("base.sif"))).overlay(Overlay.at(overlay));
  }

  @Test
  void isMadeBeforeTheSession() {
    Path overlay = dir.resolve("mine");

    assertEquals(0, run("exec", overlay.toString()).status());
    assertEquals(
        List.of(coming(overlay, Command.of("true")), "create " + overlay, session(overlay)),
        sdk.calls.subList(0, 3));
  }

  @Test
  void isMadeForAShellToo() {
    Path overlay = dir.resolve("mine");

    CommandLineRun.of(sdk, "shell", "-o", overlay.toString(), "base.sif");

    assertEquals(List.of("create " + overlay, session(overlay), "shell"), sdk.calls.subList(1, 4));
  }

  @Test
  void isNotMadeWhereNoSessionCanComeOfIt() {
    sdk.refusal = new InvalidSpecException("there is no image");

    assertEquals(125, run("exec", dir.resolve("mine").toString()).status());
    assertEquals(List.of("close sdk"), sdk.calls);
    assertFalse(Files.exists(dir.resolve("mine")));
  }

  @Test
  void isNotMadeToBeReadOnly() {
    run("exec", dir.resolve("mine") + ":ro");

    assertEquals(
        SessionSpec.on(Image.at(Path.of("base.sif")))
            .overlay(Overlay.at(dir.resolve("mine")).readOnly()),
        sdk.calls.get(0));
  }

  @Test
  void isNotMadeAsADirectoryUnderTheNameOfAnImageFile() {
    CommandLineRun run = run("exec", dir.resolve("mine.img").toString());

    assertEquals(125, run.status());
    assertTrue(run.err().contains("overlay create --size 1G"), run.err());
    assertFalse(Files.exists(dir.resolve("mine.img")));
  }

  @Test
  void isExplainedAsAStepOfItsOwnAndNotMade() {
    Path overlay = dir.resolve("mine");

    CommandLineRun run = run("explain", overlay.toString());

    assertEquals(0, run.status(), run.err());
    Command command = Command.of("true").inheritIo();
    assertEquals(coming(overlay, command), sdk.calls.get(0));
    assertFalse(Files.exists(overlay));
  }

  private Workflow coming(Path overlay, Command command) {
    return new Workflow(
        "exec",
        List.of(
            new Step.Create("make the overlay " + overlay, overlay, 0, Step.Existing.REFUSE),
            new Step.Run("run [true]", session(overlay), List.of(command), Expectation.success())));
  }
}
