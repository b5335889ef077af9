package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResidentScriptTest {
  @TempDir private Path directory;

  /** Nobody makes the pipes any more: the engine was killed while the container started. */
  @ParameterizedTest
  @ValueSource(strings = {"/bin/dash", "/bin/bash"})
  void doesNotWaitForAnEngineThatIsDead(String shell) throws Exception {
    Path programs = Files.createDirectory(directory.resolve("programs"));
    Path slept = directory.resolve("slept");
    Path sleep = programs.resolve("sleep");
    Files.writeString(sleep, "#!/bin/sh\necho \"$1\" >>" + slept + "\n");
    assertTrue(sleep.toFile().setExecutable(true));
    ProcessBuilder builder =
        new ProcessBuilder(
            shell,
            "-c",
            Scripts.RESIDENT,
            "overlay-sdk",
            directory.resolve("requests").toString(),
            "",
            "go");
    builder.environment().merge("PATH", programs + File.pathSeparator, (path, own) -> own + path);

    Process process = builder.start();

    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "it still waits");
    assertEquals(60, Files.readAllLines(slept).size());
    assertEquals(List.of("1"), Files.readAllLines(slept).stream().distinct().toList());
  }
}
