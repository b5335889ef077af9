package io.overlaysdk.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.List;

/** Programs of the host that make or look at what a test is about. */
public final class Programs {
  private Programs() {}

  /** Runs it to its end, which must be a good one. Returns what it printed. */
  public static String run(String... words) throws IOException {
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, process.onExit().join().exitValue(), List.of(words) + ": " + output);
    return output;
  }
}
