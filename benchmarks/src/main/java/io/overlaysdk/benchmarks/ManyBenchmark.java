package io.overlaysdk.benchmarks;

import io.overlaysdk.Configuration;
import io.overlaysdk.FanOut;
import io.overlaysdk.Image;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Two hundred sessions, eight at a time, beside the tool that xargs runs; and open at once. */
final class ManyBenchmark implements Benchmark {
  private static final int SESSIONS = 200;
  private static final int AT_ONCE = 8;

  /** A directory overlay of its own for each, as each session has. */
  private static final String EACH =
      "mkdir -p \"$2/$1/upper\" \"$2/$1/work\" && apptainer --silent exec --overlay \"$2/$1\" \"$3\""
          + " /bin/true && chmod -R u+rwx \"$2/$1\" && rm -rf \"$2/$1\"";

  @Override
  public List<Measured> run(Path directory) throws Exception {
    Path base = Fixture.sandbox(directory.resolve("base"));
    Path overlays = Files.createDirectory(directory.resolve("overlays"));
    Configuration configuration =
        Configuration.builder().scratch(directory).state(directory.resolve("state")).build();
    Tool xargs =
        Tool.of(
            "sh",
            "-c",
            "seq " + SESSIONS + " | xargs -P" + AT_ONCE + " -I{} sh -c '" + EACH + "' sh {} \"$@\"",
            "sh",
            overlays,
            base);
    SessionSpec spec = SessionSpec.on(Image.at(base)).backend("apptainer");
    try (OverlaySdk sdk = OverlaySdk.open(configuration)) {
      List<Measured> all = new ArrayList<>();
      for (int commands : List.of(1, 10)) {
        all.add(
            new Rounds(0, 1)
                .compare(
                    SESSIONS
                        + " sessions with "
                        + commands
                        + " commands each, "
                        + AT_ONCE
                        + " at a time (apptainer)",
                    () -> sessions(sdk, spec, commands),
                    "xargs -P" + AT_ONCE + " apptainer exec, one command each",
                    xargs::run,
                    new Bound.AtMost(1.25)));
      }
      openAtOnce(sdk, SessionSpec.on(Image.at(base)).backend("overlayfs"));
      return all;
    }
  }

  private static void sessions(OverlaySdk sdk, SessionSpec spec, int commands) {
    FanOut.over(IntStream.range(0, SESSIONS).boxed().toList())
        .parallelism(AT_ONCE)
        .run(
            sdk,
            spec,
            (session, number) -> {
              for (int i = 0; i < commands; i++) {
                session.run("true").orThrow();
              }
              return number;
            });
  }

  private static void openAtOnce(OverlaySdk sdk, SessionSpec spec) throws Exception {
    int threadsBefore = Thread.activeCount();
    long heapBefore = heap();
    List<Session> open = new ArrayList<>();
    try {
      for (int i = 0; i < SESSIONS; i++) {
        Session session = sdk.start(spec);
        open.add(session);
        session.run("true").orThrow();
      }
      Thread.sleep(11_000); // until threads that wait for nothing have ended
      long helpers = ProcessHandle.current().descendants().count();
      System.out.printf(
          "%d open sessions (overlayfs): %d threads and %d KiB of heap in the JVM, %d processes%n",
          SESSIONS, Thread.activeCount() - threadsBefore, (heap() - heapBefore) / 1024, helpers);
    } finally {
      open.forEach(Session::close);
    }
  }

  private static long heap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
