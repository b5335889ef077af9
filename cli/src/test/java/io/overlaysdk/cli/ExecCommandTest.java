package io.overlaysdk.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Access;
import io.overlaysdk.Bind;
import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Gpu;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Network;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Share;
import io.overlaysdk.Termination;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExecCommandTest {
  private static final SessionSpec BASE = SessionSpec.on(Image.at(Path.of("base.sif")));

  private final FakeSdk sdk = new FakeSdk();

  @TempDir Path dir;

  private CommandLineRun exec(String... args) {
    String[] all = new String[args.length + 1];
    all[0] = "exec";
    System.arraycopy(args, 0, all, 1, args.length);
    return CommandLineRun.of(sdk, all);
  }

  @Test
  void startsOneSessionRunsTheCommandInItAndClosesBoth() {
    CommandLineRun run = exec("base.sif", "--", "cat", "/app/message.txt");

    assertEquals(new CommandLineRun(0, "", ""), run);
    assertEquals(
        List.of(
            BASE, Command.of("cat", "/app/message.txt").inheritIo(), "close session", "close sdk"),
        sdk.calls);
  }

  @Test
  void passesOnEveryOption() throws IOException {
    Path upper = Files.createDirectory(dir.resolve("my overlay"));
    exec(
        "-b",
        "apptainer",
        "-o",
        "lower:ro",
        "--overlay=" + upper,
        "--bind",
        "/data:/in:ro",
        "--bind=/scratch",
        "--share",
        "home,cwd",
        "--share=env",
        "--env",
        "A=1=2",
        "--env",
        "EMPTY=",
        "--fakeroot",
        "--drop-caps",
        "--timeout",
        "90s",
        "--network",
        "none",
        "--gpu",
        "amd",
        "--pwd",
        "/app",
        "docker://debian:12",
        "--",
        "true");

    assertEquals(
        SessionSpec.on(Image.of(URI.create("docker://debian:12")))
            .backend("apptainer")
            .overlay(Overlay.at(Path.of("lower")).readOnly())
            .overlay(Overlay.at(upper))
            .bind(new Bind(Path.of("/data"), ContainerPath.of("/in"), Access.READ_ONLY))
            .bind(Path.of("/scratch"), "/scratch")
            .share(Share.HOME, Share.WORKING_DIRECTORY, Share.ENVIRONMENT)
            .variable("A", "1=2")
            .variable("EMPTY", "")
            .fakeroot()
            .dropCapabilities()
            .timeLimit(Duration.ofSeconds(90))
            .network(Network.NONE)
            .gpu(Gpu.AMD)
            .directory(ContainerPath.of("/app")),
        sdk.calls.get(0));
  }

  @Test
  void passesOnWordsThatLookLikeOptionsOrFilesOrQuotes() {
    List<String> words =
        List.of(
            "sh",
            "--help",
            "--",
            "-o",
            "--timeout=x",
            "",
            " ",
            "@file",
            "'a' \"b\"",
            "\"q\"",
            "$HOME",
            "`id`",
            "a\nb",
            ";",
            "é",
            "_NULL_",
            "${null}",
            "run",
            "=",
            "-",
            "a,b",
            "\\");
    String[] args = new String[words.size() + 2];
    args[0] = "base.sif";
    args[1] = "--";
    for (int i = 0; i < words.size(); i++) {
      args[i + 2] = words.get(i);
    }

    assertEquals(0, exec(args).status());
    assertEquals(Command.of(words).inheritIo(), sdk.calls.get(1));
  }

  @Test
  void runsAProgramWhoseNameStartsWithADashAfterTheDivider() {
    exec("base.sif", "--", "--", "-x");

    assertEquals(Command.of("--", "-x").inheritIo(), sdk.calls.get(1));
  }

  @Test
  void needsNoDividerBeforeAPlainWord() {
    exec("base.sif", "ls", "-l");

    assertEquals(Command.of("ls", "-l").inheritIo(), sdk.calls.get(1));
  }

  @Test
  void keepsTheCommasOfValuesThatAreNoLists() {
    exec("--env", "LIST=a,b", "--bind", "/a,b:/c", "base.sif", "true");

    assertEquals(BASE.variable("LIST", "a,b").bind(Path.of("/a,b"), "/c"), sdk.calls.get(0));
  }

  @Test
  void doesNotTakeTheImageForTheSizeOfTheEphemeralOverlay() {
    exec("--ephemeral", "base.sif", "true");
    exec("--ephemeral=512M", "base.sif", "true");

    assertEquals(BASE.overlay(Overlay.ephemeral()), sdk.calls.get(0));
    assertEquals(BASE.overlay(Overlay.ephemeral(512 << 20)), sdk.calls.get(4));
  }

  @Test
  void exitsAsTheCommandDoes() {
    sdk.status = 255;

    assertEquals(new CommandLineRun(255, "", ""), exec("base.sif", "false"));
  }

  @Test
  void saysWhenTheTimeLimitEndedTheCommand() {
    sdk.status = 124;
    sdk.termination = Termination.TIMED_OUT;

    CommandLineRun run = exec("--timeout=1s", "base.sif", "sleep", "9");

    assertEquals(124, run.status());
    assertEquals("overlay: the command was ended at its time limit, after 1500 ms\n", run.err());
  }

  @Test
  void saysWhenTheStatusMayBeTheToolsOwn() {
    sdk.status = 255;
    sdk.termination = Termination.UNCERTAIN;

    CommandLineRun run = exec("base.sif", "/app");

    assertEquals(255, run.status());
    assertTrue(
        run.err().startsWith("overlay: nothing inside could tell whether 255 is"), run.err());
  }

  @Test
  void exitsWith125WhereTheSessionCannotBeOpened() {
    sdk.refusal = new InvalidSpecException("there is no image at base.sif");

    assertEquals(
        new CommandLineRun(125, "", "overlay: there is no image at base.sif\n"),
        exec("base.sif", "true"));
    assertEquals(List.of("close sdk"), sdk.calls);
  }

  @Test
  void showsTheStackTraceOnlyWhenAskedFor() {
    sdk.refusal = new OverlayException("no");

    assertFalse(exec("base.sif", "true").err().contains("at io.overlaysdk"));
    assertTrue(exec("--debug", "base.sif", "true").err().contains("at io.overlaysdk"));
    assertTrue(
        CommandLineRun.of(sdk, "--debug", "exec", "base.sif", "true")
            .err()
            .contains("at io.overlaysdk"));
  }

  @Test
  void exitsWith125WhereSomethingCouldNotBeTakenAway() {
    sdk.closing = new OverlayException("the mount /x is busy");

    assertEquals(
        new CommandLineRun(125, "", "overlay: the mount /x is busy\n"), exec("base.sif", "true"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "base.sif",
        "base.sif --",
        "base.sif --timeout=5s true",
        "--nonsense base.sif true",
        "--timeout=0s base.sif true",
        "--timeout=5 base.sif true",
        "--timeout=s base.sif true",
        "--timeout=999999999999d base.sif true",
        "--ephemeral=1K base.sif true",
        "--ephemeral=1X base.sif true",
        "--ephemeral -o a base.sif true",
        "-o a -o b base.sif true",
        "-o a:b:c base.sif true",
        "--bind a:b base.sif true",
        "--share sofa base.sif true",
        "--env A base.sif true",
        "--env =x base.sif true",
        "--env 1A=x base.sif true",
        "--network lan base.sif true",
        "--gpu voodoo base.sif true",
        "--pwd app base.sif true",
        "--pwd /a --pwd /b base.sif true",
        "-b"
      })
  void exitsWith2AndStartsNothingWhereTheLineIsWrong(String line) {
    CommandLineRun run = exec(line.isEmpty() ? new String[0] : line.split(" "));

    assertEquals(2, run.status(), run.err());
    assertEquals("", run.out());
    assertTrue(run.err().startsWith("overlay: "), run.err());
    assertTrue(run.err().endsWith("Try 'overlay exec --help' for more of it.\n"), run.err());
    assertTrue(sdk.calls.isEmpty(), () -> "asked for " + sdk.calls);
  }

  @Test
  void refusesWordsThatAreNotUtf8() {
    CommandLineRun run = exec("base.sif", "--", "a\ufffdb");

    assertEquals(2, run.status());
    assertTrue(run.err().startsWith("overlay: an argument is not UTF-8"), run.err());
    assertTrue(run.err().contains("a\ufffdb"), run.err());
    assertTrue(sdk.calls.isEmpty());
    for (String[] words : new String[][] {{"--env", "TOKEN=s\ufffd"}, {"--env=TOKEN=s\ufffd"}}) {
      CommandLineRun secret =
          exec(
              Stream.of(words, new String[] {"base.sif", "--", "true"})
                  .flatMap(Stream::of)
                  .toArray(String[]::new));
      assertEquals(2, secret.status());
      assertTrue(secret.err().endsWith("TOKEN=***\n"), secret.err());
    }
  }
}
