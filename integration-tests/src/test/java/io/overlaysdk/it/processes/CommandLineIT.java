package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.overlaysdk.it.OnEachBackend;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command line, as a process of its own. */
@Timeout(60)
class CommandLineIT {
  private Site site;
  private Path input;
  private Path output;
  private Path errors;

  @BeforeEach
  void makeSite(@TempDir Path directory) throws IOException {
    site = Site.in(directory);
    input = Files.createFile(directory.resolve("input"));
    output = directory.resolve("output");
    errors = directory.resolve("errors");
    Files.writeString(
        directory.resolve("config.yaml"),
        "scratch: \"" + site.scratch() + "\"\nstate: \"" + site.state() + "\"\n");
  }

  /** Runs {@code overlay} with these words in the directory of the site. */
  private int overlay(String... words) throws Exception {
    return start(words).waitFor();
  }

  private Process start(String... words) throws IOException {
    ProcessBuilder builder =
        ChildJvm.of(site.directory(), "io.overlaysdk.cli.Main", words)
            .redirectInput(input.toFile())
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile());
    builder
        .environment()
        .put("OVERLAYSDK_CONFIG", site.directory().resolve("config.yaml").toString());
    return builder.start();
  }

  private String output() throws IOException {
    return Files.readString(output);
  }

  private String errors() throws IOException {
    return Files.readString(errors);
  }

  @OnEachBackend
  void passesStandardStreamsAsBytes(String backend) throws Exception {
    byte[] bytes = new byte[3_000_001];
    new Random(7).nextBytes(bytes);
    Files.write(input, bytes);

    int status =
        overlay("exec", "-b", backend, "base.sif", "--", "sh", "-c", "cat; echo err >&2; exit 42");

    assertEquals("err\n", errors());
    assertEquals(42, status);
    assertArrayEquals(bytes, Files.readAllBytes(output));
    site.assertNothingLeft();
  }

  @OnEachBackend
  void makesTheOverlayThatIsMissingAndKeepsItsChanges(String backend) throws Exception {
    String[] write = {"sh", "-c", "echo changed > /app/message.txt"};
    assertEquals(0, overlay(exec(backend, write)), this::errorsUnchecked);
    assertEquals(0, overlay(exec(backend, "cat", "/app/message.txt")), this::errorsUnchecked);

    assertEquals("changed\n", output());
    assertEquals("", errors());
    assertEquals(
        "changed\n",
        Files.readString(site.directory().resolve("my_overlay/upper/app/message.txt")));
    assertTrue(Files.isDirectory(site.directory().resolve("my_overlay/work")));
  }

  /** As the tasks of a job array that name one overlay which nobody has made. */
  @Test
  void manyThatMissTheSameOverlayTakeTurns() throws Exception {
    List<Process> all = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      all.add(
          start(
              "exec",
              "--wait",
              "50s",
              "-o",
              "my_overlay",
              "base.sif",
              "--",
              "sh",
              "-c",
              "echo done >>/app/all"));
    }
    for (Process one : all) {
      assertEquals(0, one.waitFor(), this::errorsUnchecked);
    }
    assertEquals(
        "done\n".repeat(3), Files.readString(site.directory().resolve("my_overlay/upper/app/all")));
  }

  private static String[] exec(String backend, String... words) {
    List<String> all = new ArrayList<>(List.of("exec", "-b", backend, "-o", "my_overlay"));
    all.addAll(List.of("base.sif", "--"));
    all.addAll(Arrays.asList(words));
    return all.toArray(String[]::new);
  }

  private String errorsUnchecked() {
    try {
      return errors();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @OnEachBackend
  void passesWordsAsTheyAre(String backend) throws Exception {
    int status =
        overlay(
            "exec",
            "-b",
            backend,
            "base.sif",
            "--",
            "printf",
            "[%s]",
            "-o",
            "--help",
            "--",
            "",
            "a b",
            "$HOME",
            "@config.yaml",
            "é\n");

    assertEquals(0, status, this::errorsUnchecked);
    assertEquals("[-o][--help][--][][a b][$HOME][@config.yaml][é\n]", output());
  }

  @Test
  void tellsStatusesApart() throws Exception {
    assertEquals(255, status("sh", "-c", "exit 255"));
    assertEquals(127, status("no-such-program"));
    assertEquals(126, status("/app/message.txt"));
    assertEquals(137, status("sh", "-c", "kill -9 $$"));
    assertEquals(124, overlay("exec", "--timeout", "1s", "base.sif", "--", "sleep", "1000"));
    site.assertNothingLeft();
  }

  private int status(String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of("exec", "base.sif", "--"));
    all.addAll(Arrays.asList(words));
    return overlay(all.toArray(String[]::new));
  }

  @Test
  void tellsAFailureOfItsOwnAndAWrongCommandLineApart() throws Exception {
    assertEquals(125, overlay("exec", "missing.sif", "--", "true"));
    assertTrue(errors().contains("missing.sif"), errors());
    assertEquals(125, overlay("exec", "-b", "podman", "base.sif", "--", "true"));
    assertTrue(errors().contains("podman"), errors());
    assertEquals(2, overlay("exec", "--no-such-option", "base.sif", "--", "true"));
    assertTrue(errors().contains("--no-such-option"), errors());
    assertEquals("", output());
  }

  @OnEachBackend
  void aSignalEndsTheContainerAndLeavesNothing(String backend) throws Exception {
    Process overlay =
        start(
            "exec",
            "-b",
            backend,
            "-o",
            "my_overlay",
            "--bind",
            "shared:/shared",
            "base.sif",
            "--",
            "sh",
            "-c",
            "setsid sleep 1000 & echo written > /app/message.txt; touch /shared/started; sleep 1000");
    site.awaitShared("started", overlay);

    overlay.destroy();

    assertTrue(overlay.waitFor(20, TimeUnit.SECONDS));
    assertEquals(143, overlay.exitValue());
    site.assertNothingLeft();
    assertEquals(
        "written\n",
        Files.readString(site.directory().resolve("my_overlay/upper/app/message.txt")));
  }

  @OnEachBackend
  void aReaderThatGoesAwayEndsTheCommandAsInAShell(String backend) throws Exception {
    Process overlay =
        ChildJvm.of(
                site.directory(),
                "io.overlaysdk.cli.Main",
                "exec",
                "-b",
                backend,
                "base.sif",
                "--",
                "yes")
            .redirectError(Redirect.to(errors.toFile()))
            .start();
    assertEquals('y', overlay.getInputStream().read());
    overlay.getInputStream().close();

    assertTrue(overlay.waitFor(20, TimeUnit.SECONDS));
    assertFalse(overlay.exitValue() == 0);
    site.assertNoProcessLeft();
  }

  /** The configuration of the site names none of these directories here. */
  @Test
  void findsItsDirectoriesWhateverTheEnvironmentSays() throws Exception {
    Path config = site.directory().resolve("config.yaml");
    Files.writeString(config, "");
    Path home = Files.createDirectory(site.directory().resolve("home"));
    for (String odd : List.of("", ".")) {
      ProcessBuilder builder =
          ChildJvm.of(site.directory(), "io.overlaysdk.cli.Main", "exec", "base.sif", "--", "true")
              .redirectError(errors.toFile());
      builder.environment().put("OVERLAYSDK_CONFIG", config.toString());
      for (String name : List.of("TMPDIR", "XDG_STATE_HOME", "XDG_CACHE_HOME")) {
        builder.environment().put(name, odd);
      }
      builder.environment().put("HOME", home.toString());
      assertEquals(0, builder.start().waitFor(), this::errorsUnchecked);
      assertFalse(Files.exists(site.directory().resolve("overlay-sdk")), "state where it was run");
    }
  }

  @Test
  void anAnswerThatIsLostIsNoSuccess() throws Exception {
    ProcessBuilder builder =
        ChildJvm.of(site.directory(), "io.overlaysdk.cli.Main", "--help")
            .redirectOutput(Path.of("/dev/full").toFile())
            .redirectError(errors.toFile());
    assertEquals(125, builder.start().waitFor());
    assertTrue(errors().contains("No space left"), errors());
  }

  /** As for the left side of a pipe to head(1). */
  @Test
  void aCommandOfASessionThatStaysEndsWithTheReaderOfItsOutput() throws Exception {
    assertEquals(0, overlay("session", "start", "staying", "base.sif"), this::errorsUnchecked);
    try {
      ProcessBuilder builder =
          ChildJvm.of(
              site.directory(),
              "io.overlaysdk.cli.Main",
              "session",
              "exec",
              "staying",
              "--",
              "sh",
              "-c",
              "while :; do echo yes; done");
      builder
          .environment()
          .put("OVERLAYSDK_CONFIG", site.directory().resolve("config.yaml").toString());
      Process writer = builder.redirectInput(input.toFile()).redirectError(errors.toFile()).start();
      assertEquals('y', writer.getInputStream().read());
      writer.getInputStream().close();
      assertTrue(writer.waitFor(30, TimeUnit.SECONDS));
      assertEquals(141, writer.exitValue(), this::errorsUnchecked);
    } finally {
      assertEquals(0, overlay("session", "stop", "staying"), this::errorsUnchecked);
    }
    site.assertNothingLeft();
  }

  @Test
  void doctorPrintsJson() throws Exception {
    assertEquals(0, overlay("doctor", "--json"), this::errorsUnchecked);

    JsonNode backends = new ObjectMapper().readTree(output()).get("backends");
    List<String> names = new ArrayList<>();
    backends.forEach(
        backend -> {
          names.add(backend.get("name").textValue());
          assertTrue(backend.get("available").booleanValue(), backend.toString());
        });
    assertEquals(
        List.of("apptainer", "fuse-overlayfs", "overlayfs", "singularity"),
        names.stream().sorted().toList());
  }

  @Test
  void recoverTellsThatThereIsNothingToDo() throws Exception {
    assertEquals(0, overlay("recover", "--json"), this::errorsUnchecked);
    assertEquals("[]", output().strip());
  }
}
