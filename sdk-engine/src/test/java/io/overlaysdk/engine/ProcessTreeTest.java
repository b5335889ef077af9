package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A driver is what is called so; a script is called what its file is. */
@Timeout(60)
class ProcessTreeTest {
  private static final Duration SHORT = Duration.ofMillis(100);

  @TempDir Path directory;

  private Process driver(String script) throws Exception {
    Path started = directory.resolve("started");
    Path program = directory.resolve("fuse2fs");
    Files.writeString(program, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    Process process =
        new ProcessBuilder(program.toString()).directory(directory.toFile()).inheritIO().start();
    while (!Files.exists(started)) {
      assertTrue(process.isAlive());
      Thread.sleep(10);
    }
    return process;
  }

  @Test
  void whatWritesTheLastToItsImageIsLeftAlone() throws Exception {
    Process process = driver("touch started; sleep 2; sleep 2; echo all >written");
    new ProcessTree(process.pid(), false).end(SHORT);
    assertEquals("all\n", Files.readString(directory.resolve("written")));
    assertEquals(0, process.waitFor());
  }

  @Test
  void whatIsToldToEndWritesTheLastToo() throws Exception {
    Process process =
        driver(
            "trap 'exec 3<&-; sleep 2; echo all >written; exit 7' TERM\n"
                + "exec 3<>/dev/fuse; touch started; while :; do sleep 0.05; done");
    new ProcessTree(process.pid(), false).end(Duration.ofSeconds(1));
    assertEquals("all\n", Files.readString(directory.resolve("written")));
    assertEquals(7, process.waitFor());
  }

  @Test
  void whatServesAndDoesNotEndIsKilled() throws Exception {
    Process process =
        driver("trap '' TERM; exec 3<>/dev/fuse; touch started; while :; do sleep 0.05; done");
    new ProcessTree(process.pid(), false).end(SHORT);
    assertEquals(137, process.waitFor());
    assertFalse(Files.exists(directory.resolve("written")));
  }
}
