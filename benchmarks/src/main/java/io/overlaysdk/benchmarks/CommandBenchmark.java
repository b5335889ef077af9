package io.overlaysdk.benchmarks;

import io.overlaysdk.Command;
import io.overlaysdk.Configuration;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What one more command costs in a session that is open. */
final class CommandBenchmark implements Benchmark {
  private static final byte[] KIBIBYTE = new byte[1024];

  @Override
  public List<Measured> run(Path directory) throws Exception {
    Path base = Fixture.sandbox(directory.resolve("base"));
    Configuration configuration =
        Configuration.builder().scratch(directory).state(directory.resolve("state")).build();
    List<Measured> all = new ArrayList<>();
    try (OverlaySdk sdk = OverlaySdk.open(configuration)) {
      for (String backend : List.of("overlayfs", "apptainer")) {
        SessionSpec spec =
            SessionSpec.on(Image.at(base)).overlay(Overlay.ephemeral()).backend(backend);
        try (Session session = sdk.start(spec)) {
          all.addAll(besideProcesses(session, base, backend));
        }
      }
      // root needs an option here for each kind of machine, which is no fair peer
      if (!System.getProperty("user.name").equals("root")) {
        Path checkout = Path.of(System.getProperty("overlaysdk.checkout"));
        Path sif = directory.resolve("base.sif");
        sdk.build(checkout.resolve("examples/tutorial/base.def"), sif);
        all.addAll(besideApptainer(sdk, sif, directory));
        new LatencyPlot(sdk, sif, directory).draw();
      }
    }
    return all;
  }

  private static List<Measured> besideProcesses(Session session, Path base, String backend)
      throws Exception {
    Bound bound = new Bound.AtMost(1.2);
    Command cat = Command.of("cat").stdin(KIBIBYTE);
    List<String> hostTrue = List.of(base.resolve("bin/true").toString());
    List<String> hostCat = List.of(base.resolve("bin/cat").toString());
    return List.of(
        new Rounds(200, 401)
            .compare(
                "a command in an open session: true (" + backend + ")",
                () -> session.run("true").orThrow(),
                "ProcessBuilder, the same program",
                () -> Spawned.run(hostTrue, new byte[0]),
                bound),
        new Rounds(100, 401)
            .compare(
                "a command in an open session: cat of 1 KiB (" + backend + ")",
                () -> session.run(cat).orThrow(),
                "ProcessBuilder, the same program",
                () -> Spawned.run(hostCat, KIBIBYTE),
                bound));
  }

  private static List<Measured> besideApptainer(OverlaySdk sdk, Path base, Path directory)
      throws Exception {
    Path theirs = sdk.createOverlay(directory.resolve("theirs")).path().orElseThrow();
    Path instances = sdk.createOverlay(directory.resolve("instances")).path().orElseThrow();
    Overlay ours = sdk.createOverlay(directory.resolve("ours"));
    Tool exec = Tool.of("apptainer", "--silent", "exec", "--overlay", theirs, base, "/bin/true");
    Tool start =
        Tool.of(
            "apptainer", "--silent", "instance", "start", "--overlay", instances, base, "bench");
    Tool inInstance = Tool.of("apptainer", "--silent", "exec", "instance://bench", "/bin/true");
    SessionSpec spec = SessionSpec.on(Image.at(base)).overlay(ours).backend("apptainer");
    start.run();
    try (Session session = sdk.start(spec)) {
      Rounds.Work command = () -> session.run("true").orThrow();
      Rounds rounds = new Rounds(5, 21);
      String what = "a command in an open session: true (apptainer)";
      Measured besideExec =
          rounds.compare(
              what, command, "apptainer exec --overlay", exec::run, new Bound.AtLeastAsFast(60));
      Measured besideInstance =
          rounds.compare(
              what,
              command,
              "apptainer exec instance://",
              inInstance::run,
              new Bound.AtLeastAsFast(25));
      return List.of(besideExec, besideInstance);
    } finally {
      Tool.of("apptainer", "--silent", "instance", "stop", "bench").run();
    }
  }
}
