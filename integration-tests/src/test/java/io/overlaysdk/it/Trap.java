package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Command;
import io.overlaysdk.Configuration;
import io.overlaysdk.OverlayException;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A bench on which every process of a session leaves a mark: setsid, through which the engine
 * starts them all, is a script that does nothing else. A probe starts its programs without it.
 */
final class Trap implements AutoCloseable {
  private final Path directory;
  private final Path mark;
  private final String backend;
  private final Bench bench;

  Trap(String backend, Path directory) throws IOException {
    this(backend, directory, configuration -> configuration);
  }

  Trap(String backend, Path directory, UnaryOperator<Configuration.Builder> more)
      throws IOException {
    this.backend = backend;
    this.directory = directory;
    this.mark = directory.resolve("mark");
    Path setsid = Files.writeString(directory.resolve("setsid"), "#!/bin/sh\n: >" + mark + "\n");
    Files.setPosixFilePermissions(setsid, PosixFilePermissions.fromString("rwxr-xr-x"));
    this.bench =
        Bench.of(backend, directory, site -> more.apply(site.executable("setsid", setsid)));
  }

  /** Fails unless a session is refused, with an error that names a value and a remedy. */
  void refuses(
      Class<? extends OverlayException> type, SessionSpec spec, Object value, String remedy)
      throws IOException {
    SessionSpec here = spec.backend().isPresent() ? spec : spec.backend(backend);
    List<String> before = tree();

    OverlayException e = assertThrows(OverlayException.class, () -> bench.start(here));

    assertEquals(type, e.getClass(), e::getMessage);
    assertTrue(e.getMessage().contains(value.toString()), e::getMessage);
    assertTrue(e.getMessage().contains(remedy), e::getMessage);
    OverlayException explained =
        assertThrows(OverlayException.class, () -> bench.sdk().explain(here, Command.of("true")));
    assertEquals(e.getMessage(), explained.getMessage());
    assertFalse(Files.exists(mark), "a process was started");
    bench.assertNothingLeft();
    assertEquals(before, tree());
  }

  /** Fails unless a session on it starts a process: the trap works. */
  void runs(SessionSpec spec) {
    try (var session = bench.start(spec.backend(backend))) {
      assertThrows(OverlayException.class, () -> session.run("true"));
    }
    assertTrue(Files.exists(mark), "no process was started");
  }

  private List<String> tree() throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.map(Path::toString).sorted().toList();
    }
  }

  @Override
  public void close() throws IOException {
    bench.close();
  }
}
