package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * The constant scripts that the engine runs. Data reaches them in files or pipes, never in the
 * text.
 */
final class Scripts {
  private static final String REQUEST = read("request.sh");

  static final String COMMAND = read("command.sh") + REQUEST + read("command-end.sh");
  static final String EXAMINE = read("examine.sh");
  static final String GUARD = read("guard.sh");
  static final String RESIDENT = read("resident.sh");
  static final String SHELL = read("shell.sh");
  static final String WORKER = read("worker.sh") + REQUEST + read("worker-end.sh");

  private Scripts() {}

  private static String read(String name) {
    try (InputStream in = Scripts.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
