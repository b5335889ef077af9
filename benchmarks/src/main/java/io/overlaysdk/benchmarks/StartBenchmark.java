package io.overlaysdk.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What it takes to start the command line. */
final class StartBenchmark implements Benchmark {
  private static final String HELLO =
      "public class Hello { public static void main(String[] a) { System.out.println(\"\"); } }";

  @Override
  public List<Measured> run(Path directory) throws Exception {
    Path base = Fixture.sandbox(directory.resolve("base"));
    Path source = Files.writeString(directory.resolve("Hello.java"), HELLO);
    Path home = Path.of(System.getProperty("java.home"), "bin");
    Tool.of(home.resolve("javac"), "-d", directory, source).run();
    Tool hello =
        Tool.of(
            home.resolve("java"),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            directory,
            "Hello");
    Path overlay = directory.resolve("overlay");
    Files.createDirectories(overlay.resolve("upper"));
    Files.createDirectories(overlay.resolve("work"));
    Tool raw = Tool.of("apptainer", "--silent", "exec", "--overlay", overlay, base, "/bin/true");
    Tool exec = Tool.overlay("exec", "-b", "apptainer", "-o", overlay, base, "--", "/bin/true");
    Rounds rounds = new Rounds(2, 11);
    return List.of(
        rounds.compare(
            "overlay --version",
            Tool.overlay("--version")::run,
            "Hello World on the same JVM",
            hello::run,
            new Bound.AtMost(3)),
        rounds.compare(
            "overlay exec",
            exec::run,
            "apptainer exec and five times Hello World",
            () -> {
              raw.run();
              for (int i = 0; i < 5; i++) {
                hello.run();
              }
            },
            new Bound.AtMost(1)));
  }
}
