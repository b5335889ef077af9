package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.it.Checkout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A machine on which no session can run, as the JVM tells it. */
@Timeout(60)
class OtherSystemsIT {
  private static final List<String> BACKENDS =
      List.of("apptainer", "singularity", "fuse-overlayfs", "overlayfs");

  @TempDir private Path directory;

  private record Said(int status, String text) {}

  private Said overlay(String os, String... words) throws Exception {
    Path output = directory.resolve("output");
    ProcessBuilder child = ChildJvm.of(directory, "io.overlaysdk.cli.Main", words);
    List<String> command = new ArrayList<>(child.command());
    command.add(1, "-Dos.name=" + os);
    Process process =
        child
            .command(command)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(output.toFile())
            .redirectErrorStream(true)
            .start();
    return new Said(process.waitFor(), Files.readString(output));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Mac OS X", "Windows 11"})
  void everyProbeSaysThatLinuxIsNeeded(String os) throws Exception {
    Said doctor = overlay(os, "doctor");
    assertEquals(1, doctor.status(), doctor.text());
    assertTrue(doctor.text().contains("no session can run: overlays need Linux"), doctor.text());

    Path tutorial = Checkout.root().resolve("examples/tutorial/tutorial.yaml");
    Said build = overlay(os, "run", tutorial.toString(), "--explain");
    assertTrue(build.text().contains("nothing here can build"), build.text());
    Said explained = overlay(os, "explain", "--ephemeral", ".", "--", "true");
    assertEquals(125, explained.status(), explained.text());
    for (String backend : BACKENDS) {
      assertTrue(
          explained
              .text()
              .lines()
              .anyMatch(line -> line.contains(backend + ": ") && line.contains("Linux")),
          () -> backend + " in " + explained.text());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Mac OS X", "Windows 11"})
  void aWorkflowIsCheckedAllTheSame(String os) throws Exception {
    Path wrong = Files.writeString(directory.resolve("w.yaml"), "version: 1\nnmae: x\n");

    Said said = overlay(os, "run", wrong.toString(), "--explain");

    assertTrue(said.text().contains("w.yaml:2:1"), said.text());
  }
}
