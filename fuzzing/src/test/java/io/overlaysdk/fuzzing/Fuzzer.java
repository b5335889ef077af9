package io.overlaysdk.fuzzing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Jazzer in a process of its own, so that an input that takes all memory, or never ends, takes only
 * that. Its JUnit engine is not used: it is made for JUnit 5, and fuzzes one target in each run.
 */
final class Fuzzer {
  /**
   * What reads a header has no use for more memory; the fuzzer and its agent need half of it. Quick
   * compilation, because most of thirty seconds would go by with the other.
   */
  private static final List<String> JVM =
      List.of(
          "-Xmx256m",
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          // Java 21 warns without it
          "-XX:+EnableDynamicAgentLoading");

  /** Of the whole process, with what is outside the heap. */
  private static final int MEGABYTES = 1024;

  /**
   * For one input. The slowest takes milliseconds; but the first one, for which all classes are
   * loaded and changed, took more than ten seconds on a busy machine.
   */
  private static final int LONGEST_SECONDS = 60;

  private static final int LARGEST_INPUT = 64 * 1024;

  private final Target target;
  private final Path directory;
  private final Path log;

  Fuzzer(Target target) {
    this.target = target;
    this.directory = Path.of("target", "fuzz", target.name()).toAbsolutePath();
    this.log = directory.resolve("log");
  }

  /** Returns the status: 0 where nothing was found. */
  int run(int seconds) throws Exception {
    Path corpus = Files.createDirectories(directory.resolve("corpus"));
    Path temporary = Files.createDirectories(directory.resolve("tmp"));
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(JVM);
    words.addAll(
        List.of(
            "-Djava.io.tmpdir=" + temporary,
            "-cp",
            System.getProperty("java.class.path"),
            "com.code_intelligence.jazzer.Jazzer",
            "--target_class=" + target.type(),
            "--instrumentation_includes=io.overlaysdk.**",
            "--custom_hook_includes=io.overlaysdk.**",
            "--reproducer_path=" + directory,
            "-artifact_prefix=" + directory + "/",
            "-max_total_time=" + seconds,
            "-timeout=" + LONGEST_SECONDS,
            "-rss_limit_mb=" + MEGABYTES,
            "-max_len=" + LARGEST_INPUT,
            "-print_final_stats=1",
            corpus.toString(),
            target.directory().toString()));
    Process process =
        new ProcessBuilder(words)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      if (!process.waitFor(2L * seconds + 300, TimeUnit.SECONDS)) {
        return fail("the fuzzer does not end; " + report());
      }
    } finally {
      process.destroyForcibly().waitFor();
    }
    return printed().anyMatch(line -> line.startsWith("INFO: Seed:"))
        ? process.exitValue()
        : cannotRun();
  }

  /** Inputs are printed as they are. */
  private Stream<String> printed() throws IOException {
    return Files.readAllLines(log, ISO_8859_1).stream();
  }

  private int cannotRun() {
    String reason = "Jazzer does not run on this machine; " + report();
    return "true".equals(System.getenv("OVERLAYSDK_REQUIRE_TOOLS")) ? fail(reason) : abort(reason);
  }

  /** How far it came. */
  String summary() throws IOException {
    String last = "";
    String coverage = "";
    for (String line : printed().toList()) {
      coverage = line.startsWith("#") && line.contains(" cov: ") ? line : coverage;
      last = line.startsWith("Done ") ? line : last;
    }
    return target + ": " + last + ", " + coverage.replaceAll(".*(cov: [0-9]+).*", "$1");
  }

  /** What it printed last, and where the rest is. */
  String report() {
    try {
      List<String> lines = printed().toList();
      int shown = Math.min(60, lines.size());
      return log + ":\n" + String.join("\n", lines.subList(lines.size() - shown, lines.size()));
    } catch (IOException e) {
      return "and its log cannot be read: " + e;
    }
  }
}
