package io.overlaysdk.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Command;
import io.overlaysdk.Image;
import io.overlaysdk.Recovered;
import io.overlaysdk.SessionSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OtherCommandsTest {
  private final FakeSdk sdk = new FakeSdk();

  @Test
  void shellExitsAsTheShellDoes() {
    sdk.status = 3;

    CommandLineRun run = CommandLineRun.of(sdk, "shell", "--share", "home", "host");

    assertEquals(new CommandLineRun(3, "", ""), run);
    assertEquals("shell", sdk.calls.get(1));
  }

  @Test
  void shellTakesNoWords() {
    assertEquals(2, CommandLineRun.of(sdk, "shell", "base.sif", "--", "ls").status());
  }

  @Test
  void explainPrintsWhatWouldBeDone() {
    CommandLineRun run = CommandLineRun.of(sdk, "explain", "base.sif", "--", "ls", "-l");

    assertEquals(new CommandLineRun(0, "run [ls, -l]\n  because\n", ""), run);
    assertEquals(
        List.of(
            SessionSpec.on(Image.at(Path.of("base.sif"))),
            Command.of("ls", "-l").inheritIo(),
            "close sdk"),
        sdk.calls);
  }

  @Test
  void buildsAnImage() {
    CommandLineRun run = CommandLineRun.of(sdk, "build", "base.def", "base.sif");

    assertEquals(new CommandLineRun(0, "built base.sif\n", ""), run);
    assertEquals(List.of("build base.def base.sif", "close sdk"), sdk.calls);
  }

  @Test
  void createsFromATemplate() {
    assertEquals(
        "created a.img\n", CommandLineRun.of(sdk, "create", "--from", "large", "a.img").out());
    assertEquals(
        2, CommandLineRun.of(sdk, "create", "--from", "x", "--size", "1G", "a.img").status());
    assertEquals("create a.img from large", sdk.calls.get(0));
  }

  @Test
  void checksAndResizesImages() {
    assertEquals("dirty\n", CommandLineRun.of(sdk, "check", "a.img").out());
    assertEquals(1, CommandLineRun.of(sdk, "check", "--repair", "a.img").status());
    assertEquals(
        "{\"overlay\":\"a.img\",\"state\":\"dirty\",\"output\":\"said\\u000a\"}\n",
        CommandLineRun.of(sdk, "check", "--json", "a.img").out());
    assertEquals(0, CommandLineRun.of(sdk, "resize", "a.img", "--size", "2G").status());
    assertEquals(2, CommandLineRun.of(sdk, "resize", "a.img").status());
    assertEquals(
        0, CommandLineRun.of(sdk, "resize", "a.img", "--size", "1G", "--inodes", "500").status());
    assertEquals(
        List.of(
            "check a.img",
            "check a.img, repair",
            "check a.img",
            "resize a.img to 2147483648",
            "resize a.img to 1073741824, inodes 500"),
        sdk.calls.stream().map(Object::toString).filter(c -> !c.startsWith("close")).toList());
  }

  @Test
  void createsADirectoryOrAnImageOfASize() {
    assertEquals(
        "created a.img\n", CommandLineRun.of(sdk, "create", "a.img", "--size", "1G").out());
    assertEquals("create a.img of 1073741824", sdk.calls.get(0));
    CommandLineRun.of(sdk, "create", "b.img", "--size", "1G", "--inodes", "500000", "--full");
    assertEquals("create b.img of 1073741824, inodes 500000, full", sdk.calls.get(2));
    assertEquals(2, CommandLineRun.of(sdk, "create", "").status());
    assertEquals(2, CommandLineRun.of(sdk, "create", "d", "--inodes", "5000").status());
    assertEquals(
        2, CommandLineRun.of(sdk, "create", "d", "--size", "1M", "--inodes", "5000").status());
  }

  @Test
  void recoverTellsWhatItEnded() {
    assertEquals("nothing was left behind\n", CommandLineRun.of(sdk, "recover").out());
    assertEquals("[]\n", CommandLineRun.of(sdk, "recover", "--json").out());

    assertEquals(
        "took the overlay from the user of mine: you said so\n",
        CommandLineRun.of(sdk, "recover", "--break-lease", "mine").out());
    sdk.recovered =
        List.of(
            new Recovered(Recovered.Kind.PROCESS, "7", "it is dead"),
            new Recovered(Recovered.Kind.SCRATCH, "/tmp/x", "it is dead"));

    assertEquals(
        "ended the process 7 and its children: it is dead\ndeleted /tmp/x: it is dead\n",
        CommandLineRun.of(sdk, "recover").out());
    assertEquals(
        "[{\"kind\":\"PROCESS\",\"what\":\"7\",\"why\":\"it is dead\"},"
            + "{\"kind\":\"SCRATCH\",\"what\":\"/tmp/x\",\"why\":\"it is dead\"}]\n",
        CommandLineRun.of(sdk, "recover", "--json").out());
  }

  @Test
  void tellsTheVersionOfTheBuild() {
    CommandLineRun run = CommandLineRun.of(sdk, "--version");

    assertTrue(Pattern.matches("overlay \\d+\\.\\d+\\.\\d+\\S*\n", run.out()), run.out());
    assertEquals(0, run.status());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"exec", "shell", "explain", "run", "build", "create", "doctor", "recover"})
  void helpsWithEachCommandOnStdout(String command) {
    CommandLineRun run = CommandLineRun.of(sdk, command, "--help");

    assertEquals(0, run.status());
    assertTrue(run.out().startsWith("Usage: overlay " + command), run.out());
    assertTrue(run.out().lines().allMatch(line -> line.length() <= 80), run.out());
    assertEquals("", run.err());
    assertTrue(sdk.calls.isEmpty());
  }

  @Test
  void exitsWith2WithoutACommandAndForAnUnknownOne() {
    assertEquals(2, CommandLineRun.of(sdk).status());
    assertEquals(2, CommandLineRun.of(sdk, "dance").status());
  }

  @Test
  void exitsWith125WhereSomethingUnforeseenHappens() {
    sdk.refusal = new IllegalStateException("a bug");

    CommandLineRun run = CommandLineRun.of(sdk, "build", "a", "b");

    assertEquals(125, run.status());
    assertEquals(
        "overlay: internal error: java.lang.IllegalStateException: a bug (--debug shows where)\n",
        run.err());
  }
}
