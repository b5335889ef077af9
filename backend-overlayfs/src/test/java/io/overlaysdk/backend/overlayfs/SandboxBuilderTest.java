package io.overlaysdk.backend.overlayfs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.spi.BuildRequest;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Step;
import io.overlaysdk.testkit.Identities;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SandboxBuilderTest {
  private static final SandboxBuilder BUILDER = new SandboxBuilder();

  @TempDir private Path directory;

  private static List<String> words(Path definition, Path target) {
    Probe.Present tool = (Probe.Present) BUILDER.probe(Machines.bare());
    List<Step> steps =
        BUILDER.build(new BuildRequest(definition, target, tool, Identities.plainUser()));
    assertEquals(1, steps.size());
    return assertInstanceOf(Step.Run.class, steps.get(0)).invocation().words();
  }

  /** Runs the script in this machine's shell, which no %post needs. */
  private String build(String definition, int expected) throws Exception {
    Path file = Files.writeString(directory.resolve("def"), definition);
    List<String> words = words(file, directory.resolve("target"));
    Process process =
        new ProcessBuilder(
                "/bin/sh",
                "-c",
                words.get(2),
                "sh",
                "no-unshare",
                "user",
                file.toString(),
                directory.resolve("target").toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    assertEquals(expected, process.exitValue(), said);
    return said;
  }

  @Test
  void passesItsDataAsWords() {
    List<String> words = words(Path.of("/a b/x.def"), Path.of("/c'd"));
    assertEquals(
        List.of("overlay-sdk", "/usr/bin/unshare", "user", "/a b/x.def", "/c'd"),
        words.subList(3, words.size()));
  }

  @Test
  void runsSetupAndKeepsTheScriptsOfTheImage() throws Exception {
    build(
        """
        # from nothing
        BootStrap:  scratch

        %setup
            mkdir "$APPTAINER_ROOTFS/app"
            echo '%s' >"$SINGULARITY_ROOTFS/app/percent"
        %runscript
            exec cat /app/percent "$@"
        %environment
            export NAME=value
        """,
        0);
    Path target = directory.resolve("target");
    assertEquals("%s\n", Files.readString(target.resolve("app/percent")));
    Path runscript = target.resolve(".singularity.d/runscript");
    assertTrue(Files.isExecutable(runscript));
    assertEquals("#!/bin/sh\n\n    exec cat /app/percent \"$@\"\n", Files.readString(runscript));
    assertTrue(
        Files.readString(target.resolve(".singularity.d/env/90-environment.sh"))
            .contains("NAME=value"));
  }

  @Test
  void refusesWhatItWouldHaveToLeaveOut() throws Exception {
    for (String part :
        List.of("From: alpine", "%files\n  a b", "%post -c /bin/bash\n  true", "%appinstall x")) {
      String said = build("Bootstrap: scratch\n" + part + "\n", 2);
      assertTrue(said.contains(part.lines().findFirst().orElseThrow()), said);
    }
    assertTrue(build("Bootstrap: docker\n", 2).contains("Bootstrap: docker"));
    assertTrue(build("%setup\n true\n", 2).contains("nothing of Bootstrap"));
  }

  @Test
  void failsWhereASectionFails() throws Exception {
    build("Bootstrap: scratch\n%setup\n false\n echo on\n", 1);
  }
}
