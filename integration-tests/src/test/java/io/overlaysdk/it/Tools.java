package io.overlaysdk.it;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** The real tools that the tests run on. */
public final class Tools {
  private Tools() {}

  /**
   * Where the program is. Where it is missing the test fails if this run must not skip any ({@code
   * OVERLAYSDK_REQUIRE_TOOLS=true}), and is aborted with the reason otherwise.
   */
  public static Path require(String program) {
    Optional<Path> found = find(program);
    if (found.isEmpty()) {
      String reason = program + " is not on PATH: ./verify puts it there where it can";
      if ("true".equals(System.getenv("OVERLAYSDK_REQUIRE_TOOLS"))) {
        Assertions.fail(reason);
      }
      assume(false, reason);
    }
    return found.get();
  }

  /** Goes on only where the machine is such; the reason is told, which Maven does not show. */
  public static void assume(boolean such, String reason) {
    if (!such) {
      System.err.println("skipped: " + reason);
      Assumptions.abort(reason);
    }
  }

  /** The program without which the backend of this name can do nothing. */
  public static String of(String backend) {
    return backend.equals("overlayfs") ? "mount" : backend;
  }

  private static Optional<Path> find(String program) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .map(directory -> Path.of(directory, program))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
