package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Runs programs of this machine that make what is to be read. */
final class Tools {
  private Tools() {}

  /** Runs it to its end. Where it is missing the test is aborted, or fails where tools must be. */
  static void run(String name, String... arguments) throws Exception {
    List<String> words = new ArrayList<>(List.of(find(name).toString()));
    words.addAll(List.of(arguments));
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertEquals(0, process.waitFor(), words + ": " + output);
  }

  static Path find(String name) {
    String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin";
    return Stream.of(path.split(":"))
        .filter(directory -> directory.startsWith("/"))
        .map(directory -> Path.of(directory, name))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseGet(() -> missing(name));
  }

  private static Path missing(String name) {
    String reason = name + " is not installed";
    if ("true".equals(System.getenv("OVERLAYSDK_REQUIRE_TOOLS"))) {
      return fail(reason + ", and OVERLAYSDK_REQUIRE_TOOLS is set");
    }
    return abort(reason);
  }
}
