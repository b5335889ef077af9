package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.it.Checkout;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command line where PATH has no container tool at all, and nothing that mounts files. */
@Timeout(120)
class BareMachineIT {
  private static final Set<String> HIDDEN =
      Set.of(
          "apptainer",
          "singularity",
          "fuse-overlayfs",
          "squashfuse",
          "squashfuse_ll",
          "fuse2fs",
          "bwrap");
  private static final boolean ROOT = System.getProperty("user.name").equals("root");

  @TempDir private Path directory;
  private Path programs;
  private Path output;
  private Path errors;

  @BeforeEach
  void hideTools() throws IOException {
    programs = Files.createDirectory(directory.resolve("programs"));
    output = directory.resolve("output");
    errors = directory.resolve("errors");
    for (String place : List.of("/usr/bin", "/bin", "/usr/sbin", "/sbin")) {
      try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of(place))) {
        for (Path program : all) {
          Path link = programs.resolve(program.getFileName().toString());
          if (!HIDDEN.contains(link.getFileName().toString()) && !Files.isSymbolicLink(link)) {
            Files.createSymbolicLink(link, program);
          }
        }
      }
    }
  }

  private int overlay(String... words) throws Exception {
    ProcessBuilder builder =
        ChildJvm.of(directory, "io.overlaysdk.cli.Main", words)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(output.toFile())
            .redirectError(errors.toFile());
    builder.environment().put("PATH", programs.toString());
    builder.environment().put("XDG_STATE_HOME", directory.resolve("state").toString());
    return builder.start().waitFor();
  }

  private String said() {
    try {
      return Files.readString(output) + Files.readString(errors);
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void playsTheTutorialInASandboxOfItsOwn() throws Exception {
    Path tutorial = Checkout.root().resolve("examples/tutorial/tutorial.yaml");

    assertEquals(0, overlay("run", tutorial.toString()), this::said);

    assertTrue(said().contains("no container tool is here"), this::said);
    assertTrue(said().contains("The tutorial: ok, 10 steps"), this::said);
    assertTrue(Files.isDirectory(directory.resolve("base_container.sif")));
    assertEquals(
        "Hello from the overlay!\n",
        Files.readString(directory.resolve("my_overlay/upper/app/message.txt")));
  }

  @Test
  void triesACommandOnTheMachineItself() throws Exception {
    Path probe =
        (ROOT ? Path.of("/etc") : Path.of(System.getProperty("user.home")))
            .resolve("overlay-probe");
    String script = "echo x >" + probe + "; cat " + probe;

    assertEquals(0, overlay("exec", "--ephemeral", "host", "--", "sh", "-c", script), this::said);

    assertEquals("x\n", Files.readString(output));
    assertFalse(Files.exists(probe));
  }

  @Test
  void refusesADefinitionThatNeedsATool() throws Exception {
    Path definition =
        Files.writeString(directory.resolve("pulled.def"), "Bootstrap: docker\nFrom: alpine\n");

    assertEquals(125, overlay("build", definition.toString(), "image"), this::said);

    assertTrue(said().contains("Bootstrap: docker"), this::said);
    assertTrue(said().contains("Build it with Apptainer"), this::said);
    assertFalse(Files.exists(directory.resolve("image")));
  }
}
