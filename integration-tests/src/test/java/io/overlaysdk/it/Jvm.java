package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Virtual machines of their own, for what an environment decides when one starts. */
final class Jvm {
  private Jvm() {}

  /** Runs the main method of a class of the tests. Returns what it printed. */
  static byte[] run(Consumer<Map<String, String>> environment, Class<?> main, String... arguments)
      throws IOException {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    words.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(words);
    environment.accept(builder.environment());
    Path errors = Files.createTempFile("jvm", ".err");
    try {
      Process process = builder.redirectError(errors.toFile()).start();
      process.getOutputStream().close();
      byte[] printed = process.getInputStream().readAllBytes();
      String said = Files.readString(errors);
      assertEquals(0, process.onExit().join().exitValue(), said);
      return printed;
    } finally {
      Files.delete(errors);
    }
  }
}
