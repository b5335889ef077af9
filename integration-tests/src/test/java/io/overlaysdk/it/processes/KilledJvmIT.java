package io.overlaysdk.it.processes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Recovered;
import io.overlaysdk.Result;
import io.overlaysdk.Session;
import io.overlaysdk.it.OnEachBackend;
import io.overlaysdk.it.OnEachExt3Backend;
import io.overlaysdk.it.Programs;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JVM is killed with SIGKILL while a command runs, so that nothing of it can tidy up. */
class KilledJvmIT {
  private static final Duration SOON = Duration.ofSeconds(3);
  private static final String SCRIPT =
      "echo written > /app/message.txt; sleep 1000 & setsid sleep 1000 & touch /shared/started;"
          + " sleep 1000";

  private Site site;
  private Process jvm;

  @BeforeEach
  void makeSite(@TempDir Path directory) {
    site = Site.in(directory);
  }

  @AfterEach
  void endTheJvm() {
    if (jvm != null) {
      jvm.destroyForcibly();
    }
  }

  @OnEachExt3Backend
  void theContainerEndsByItselfAndRecoverDeletesTheRest(String backend) throws Exception {
    Overlay overlay;
    try (OverlaySdk sdk = site.open()) {
      overlay = site.ext3Overlay(sdk);
    }
    start(backend, overlay, SCRIPT);
    List<ProcessHandle> children = jvm.children().toList();

    kill();

    Until.nothing(SOON, () -> Traces.of(site.directory()));
    Until.nothing(SOON, () -> children.stream().filter(Traces::isRunning).toList());
    Ext3 image = new Ext3(overlay.path().orElseThrow());
    Until.nothing(SOON, image::problems);
    assertEquals("written\n", image.upper("/app/message.txt"));
    try (OverlaySdk sdk = site.open()) {
      List<Recovered> done = sdk.recover();
      assertEquals(2, done.size(), done.toString());
      assertEquals(Recovered.Kind.SCRATCH, done.get(0).kind());
      assertTrue(done.get(0).what().startsWith(site.scratch().toString()), done.toString());
      assertEquals(Recovered.Kind.SESSION, done.get(1).kind());
      assertTrue(
          done.get(1)
              .why()
              .matches("its owner, process " + jvm.pid() + " of \\S+ on \\S+, is dead"),
          done.toString());
      site.assertNothingLeft();
      assertEquals(List.of(), sdk.recover());
      try (Session session = sdk.start(site.on(backend).overlay(overlay))) {
        assertEquals("written\n", session.run("cat", "/app/message.txt").orThrow().stdout());
      }
    }
  }

  @OnEachExt3Backend
  void theContainerEndsSoonThoughItIgnoresSignals(String backend) throws Exception {
    Overlay overlay;
    try (OverlaySdk sdk = site.open()) {
      overlay = site.ext3Overlay(sdk);
    }
    start(
        backend,
        overlay,
        "echo written > /app/message.txt; trap '' HUP INT TERM; touch /shared/started;"
            + " while :; do sleep 1; done");

    kill();

    Until.nothing(SOON, () -> Traces.of(site.directory()));
    Until.nothing(SOON, new Ext3(overlay.path().orElseThrow())::problems);
  }

  @OnEachExt3Backend
  void theContainerEndsByItselfWhereTheGuardWasKilledToo(String backend) throws Exception {
    Overlay overlay;
    try (OverlaySdk sdk = site.open()) {
      overlay = site.ext3Overlay(sdk);
    }
    start(backend, overlay, SCRIPT);
    killGuard();

    kill();

    Until.nothing(SOON, () -> Traces.of(site.directory()));
    try (OverlaySdk sdk = site.open()) {
      List<Recovered> done = sdk.recover();
      // the tool's own process, of which nothing tells what it was for, may just be ending
      done.removeIf(recovered -> recovered.kind() == Recovered.Kind.PROCESS);
      assertEquals(2, done.size(), done.toString());
      site.assertNothingLeft();
      new Ext3(overlay.path().orElseThrow()).assertClean();
    }
  }

  @OnEachBackend
  void recoverEndsTheHelpersOfAToolThatWasKilledToo(String backend) throws Exception {
    Overlay overlay;
    try (OverlaySdk sdk = site.open()) {
      overlay = sdk.createOverlay(site.directory().resolve("overlay"));
    }
    start(backend, overlay, SCRIPT);
    killGuard();
    long tool = site.lastProcess();

    kill();
    ProcessHandle.of(tool).ifPresent(ProcessHandle::destroyForcibly);

    try (OverlaySdk sdk = site.open()) {
      sdk.recover();
      site.assertNothingLeft();
      try (Session session = sdk.start(site.on(backend).overlay(overlay))) {
        assertEquals("written\n", session.run("cat", "/app/message.txt").orThrow().stdout());
      }
    }
  }

  /** Nothing but its mounts tells of a container whose process nobody could write down any more. */
  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"apptainer", "overlayfs"})
  void recoverEndsAContainerThatTheJournalDoesNotKnow(String backend) throws Exception {
    Overlay overlay;
    try (OverlaySdk sdk = site.open()) {
      overlay = site.directoryOverlay(sdk);
    }
    start(backend, overlay, SCRIPT);
    killGuard();
    ProcessHandle first = Victim.FIRST.find(jvm, new Random(1)).orElseThrow();
    // else it would end by itself
    Programs.run("kill", "-STOP", Long.toString(first.pid()));

    kill();
    try (Stream<Path> entries = Files.list(site.state())) {
      Path entry = entries.findFirst().orElseThrow();
      Files.writeString(entry, Files.readString(entry).replaceAll("(?m)^process .*\n", ""));
    }

    assertTrue(Traces.isRunning(first));
    try (OverlaySdk sdk = site.open()) {
      String pid = Long.toString(first.pid());
      List<Recovered> done = sdk.recover();
      assertTrue(done.stream().anyMatch(each -> each.what().equals(pid)), done::toString);
      site.assertNothingLeft();
    }
  }

  @OnEachBackend
  void recoverLeavesTheSessionOfALivingOwnerAlone(String backend) throws Exception {
    try (OverlaySdk sdk = site.open();
        Session session = sdk.start(site.on(backend).overlay(site.directoryOverlay(sdk)))) {
      CompletableFuture<Result> running =
          CompletableFuture.supplyAsync(
              () ->
                  session.run(
                      "sh",
                      "-c",
                      "touch /shared/started;"
                          + " until [ -e /shared/recovered ]; do sleep 0.1; done; echo alive"));
      site.awaitShared("started");

      Process other =
          ChildJvm.of(site.directory(), RecoverProgram.class, site.directory() + "")
              .redirectError(Redirect.INHERIT)
              .start();
      assertEquals("[]", new String(other.getInputStream().readAllBytes(), UTF_8));
      Files.createFile(site.shared().resolve("recovered"));

      assertEquals("alive\n", running.get(30, TimeUnit.SECONDS).orThrow().stdout());
      assertEquals("alive again\n", session.run("echo", "alive again").stdout());
    }
    site.assertNothingLeft();
  }

  /** Prints what {@code recover()} did for the {@link Site} in the directory that it is given. */
  static final class RecoverProgram {
    public static void main(String[] args) {
      try (OverlaySdk sdk = Site.at(Path.of(args[0])).open()) {
        System.out.print(sdk.recover());
      }
    }
  }

  private void start(String backend, Overlay overlay, String script) throws Exception {
    jvm =
        ChildJvm.of(
                site.directory(),
                SessionProgram.class,
                site.directory().toString(),
                backend,
                overlay.path().orElseThrow().toString(),
                script)
            .redirectOutput(Redirect.DISCARD)
            .redirectError(Redirect.INHERIT)
            .start();
    site.awaitShared("started", jvm);
  }

  private void killGuard() {
    ProcessHandle guard =
        jvm.children()
            .filter(child -> Traces.words(child.pid()).contains("Ends what a JVM leaves"))
            .findFirst()
            .orElseThrow();
    guard.destroyForcibly();
    Until.nothing(SOON, () -> Stream.of(guard).filter(Traces::isRunning).toList());
  }

  private void kill() throws InterruptedException {
    jvm.destroyForcibly();
    jvm.waitFor();
  }
}
