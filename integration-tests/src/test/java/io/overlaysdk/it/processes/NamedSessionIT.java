package io.overlaysdk.it.processes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.overlaysdk.Command;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Result;
import io.overlaysdk.RunningCommand;
import io.overlaysdk.Session;
import io.overlaysdk.SessionReport;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.it.OnEachBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sessions that stay when the process ends that opened them. */
@Timeout(60)
class NamedSessionIT {
  private static final String NAME = "work-1";
  private static final Path MACHINE = Path.of("/etc/machine-id");
  private static final Duration LONG = Duration.ofSeconds(30);

  private final ExecutorService watching = Executors.newSingleThreadExecutor();
  private Site site;

  @BeforeEach
  void makeSite(@TempDir Path directory) {
    site = Site.in(directory);
  }

  /** A test that failed must not leave a container on the machine. */
  @AfterEach
  void stopAll() {
    watching.shutdownNow();
    try (OverlaySdk sdk = site.open()) {
      sdk.sessions().stream()
          .filter(session -> session.alive() && session.name().isPresent())
          .forEach(session -> sdk.stop(session.name().get()));
      sdk.recover();
    }
    site.assertNothingLeft();
  }

  @OnEachBackend
  void staysUntilItIsStopped(String backend) {
    SessionSpec spec =
        site.on(backend).overlay(Overlay.ephemeral()).variable("A", "x y\nz").timeLimit(LONG);
    try (OverlaySdk opener = site.open();
        Session session = opener.start(NAME, spec)) {
      session.run("sh", "-c", "echo new >/app/new; (setsid sleep 1000 &)").orThrow();
    }
    try (OverlaySdk other = site.open()) {
      assertEquals(List.of(), other.recover());
      SessionReport report = other.sessions().get(0);
      assertEquals(NAME, report.name().orElseThrow());
      assertEquals(backend, report.backend().orElseThrow());
      assertTrue(report.alive());
      try (Session session = other.join(NAME)) {
        assertEquals(backend, session.backend());
        assertEquals(spec.variables(), session.spec().variables());
        assertEquals("new\n", session.run("cat", "/app/new").orThrow().stdout());
        assertEquals("x y\nz", session.run("sh", "-c", "printf %s \"$A\"").orThrow().stdout());
        Result rude = session.run("sh", "-c", "kill 0; kill -9 0");
        assertEquals(143, rude.exitStatus());
        assertEquals("in", session.run(Command.of("cat").stdin("in".getBytes(UTF_8))).stdout());
        assertThrows(InvalidSpecException.class, session::changes);
      }
      InvalidSpecException taken =
          assertThrows(InvalidSpecException.class, () -> other.start(NAME, site.on(backend)));
      assertTrue(taken.getMessage().contains(NAME), taken::getMessage);
      other.stop(NAME);
      site.assertNothingLeft();
      assertThrows(InvalidSpecException.class, () -> other.join(NAME));
      assertThrows(InvalidSpecException.class, () -> other.stop(NAME));
    }
  }

  /** Else a kill of this process at that moment leaves a session that lives, without a lock. */
  @OnEachBackend
  void isTheContainersWhenItsLockIs(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.directoryOverlay(sdk);
      Path lock = overlay.path().orElseThrow().resolve("overlay.lock");
      Future<String> record =
          watching.submit(
              () -> {
                while (owners() < 2) {
                  Thread.onSpinWait();
                }
                return Files.readString(lock);
              });
      sdk.start(NAME, site.on(backend).overlay(overlay)).close();
      assertTrue(record.get().contains("stays true"), record.get());
    }
  }

  private long owners() throws IOException {
    try (Stream<Path> entries = Files.list(site.state())) {
      for (Path entry : entries.filter(path -> path.toString().endsWith(".session")).toList()) {
        return Files.readString(entry).lines().filter(line -> line.startsWith("owner ")).count();
      }
      return 0;
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  @OnEachBackend
  void leavesNothingWhereItsStartIsInterrupted(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      SessionSpec spec = site.on(backend).overlay(site.directoryOverlay(sdk));
      sdk.start(spec).close();
      for (int millis = 20; millis < 420; millis += 40) {
        Future<?> starting = watching.submit(() -> sdk.start(NAME, spec).close());
        Thread.sleep(millis);
        starting.cancel(true);
        // the thread of the pool is free when it has ended
        watching.submit(() -> {}).get();
        if (sdk.sessions().stream().anyMatch(session -> session.name().isPresent())) {
          sdk.stop(NAME);
        }
        site.assertNothingLeft();
        sdk.start(spec).close();
      }
    }
  }

  @OnEachBackend
  void manyUseItAtOnce(String backend) throws Exception {
    try (OverlaySdk opener = site.open()) {
      opener.start(NAME, site.on(backend).overlay(site.directoryOverlay(opener))).close();
    }
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Callable<String>> work = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      String number = Integer.toString(i);
      work.add(
          () -> {
            try (OverlaySdk sdk = site.open();
                Session session = sdk.join(NAME)) {
              for (int k = 0; k < 5; k++) {
                session.run("sh", "-c", "echo \"$1\" >>/app/all", "sh", number).orThrow();
              }
              return session.run("echo", number).orThrow().stdout();
            }
          });
    }
    List<String> told = new ArrayList<>();
    for (Future<String> future : threads.invokeAll(work)) {
      told.add(future.get());
    }
    threads.shutdown();
    assertEquals(List.of("0\n", "1\n", "2\n", "3\n"), told);
    try (OverlaySdk sdk = site.open();
        Session session = sdk.join(NAME)) {
      assertEquals("20\n", session.run("sh", "-c", "wc -l </app/all").orThrow().stdout());
    }
  }

  /** However many have joined it and left, one after the other or the next before the last. */
  @OnEachBackend
  void keepsNoProcessForWhoeverHasLeft(String backend) {
    try (OverlaySdk sdk = site.open()) {
      sdk.start(NAME, site.on(backend).overlay(Overlay.ephemeral())).close();
      long container = sdk.sessions().get(0).process();
      joined(sdk).close();
      long one = processes(container);
      Session last = joined(sdk);
      for (int i = 0; i < 10; i++) {
        joined(sdk).close();
        Session next = joined(sdk);
        last.close();
        last = next;
      }
      last.close();
      Until.nothing(
          LONG,
          () -> {
            long now = processes(container);
            return now <= one ? List.of() : List.of(now + " processes, " + one + " before");
          });
    }
  }

  private static Session joined(OverlaySdk sdk) {
    Session session = sdk.join(NAME);
    session.run("true").orThrow();
    return session;
  }

  private static long processes(long container) {
    return ProcessHandle.of(container).orElseThrow().descendants().count();
  }

  @OnEachBackend
  void leavingItEndsOnlyOwnCommands(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      sdk.start(NAME, site.on(backend).overlay(Overlay.ephemeral())).close();
      try (Session one = sdk.join(NAME)) {
        Session two = sdk.join(NAME);
        RunningCommand lasting = one.start(Command.of("sh", "-c", "echo up; read x; echo $x"));
        RunningCommand ended = two.start(Command.of("sh", "-c", "echo up; exec sleep 1000"));
        assertEquals('u', lasting.stdout().read());
        assertEquals('u', ended.stdout().read());
        two.close();
        site.assertNoneLeftWith("sleep 1000");
        lasting.stdin().write("on\n".getBytes(UTF_8));
        lasting.stdin().close();
        assertEquals("p\non\n", new String(lasting.stdout().readAllBytes(), UTF_8));
        assertEquals(0, lasting.await().exitStatus());
      }
    }
  }

  /** And nothing else. */
  @OnEachBackend
  void theCommandOfAJoinerThatIsKilledEnds(String backend) throws Exception {
    configure();
    try (OverlaySdk sdk = site.open()) {
      sdk.start(NAME, site.on(backend).overlay(Overlay.ephemeral())).close();
      try (Session session = sdk.join(NAME)) {
        RunningCommand lasting = session.start(Command.of("sh", "-c", "read x; echo $x"));
        session.run("sh", "-c", "(setsid sleep 2000 &)").orThrow();
        Process joiner =
            begin("", "session", "exec", NAME, "--", "sh", "-c", ": >/shared/up; sleep 1000");
        site.awaitShared("up", joiner);

        joiner.destroyForcibly();

        Until.nothing(LONG, () -> Traces.with(site.directory(), "sleep 1000").stream().toList());
        assertTrue(Traces.with(site.directory(), "sleep 2000").isPresent());
        lasting.stdin().write("on\n".getBytes(UTF_8));
        lasting.stdin().close();
        assertEquals("on\n", new String(lasting.stdout().readAllBytes(), UTF_8));
      }
    }
  }

  @OnEachBackend
  void aDeadOneIsFoundAndItsNameIsFree(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.directoryOverlay(sdk);
      Session session = sdk.start(NAME, site.on(backend).overlay(overlay));
      session.run("sh", "-c", "echo kept >/app/kept").orThrow();
      ProcessHandle.of(sdk.sessions().get(0).process()).orElseThrow().destroyForcibly();
      Until.nothing(LONG, () -> sdk.sessions().stream().filter(SessionReport::alive).toList());
      session.close();

      assertThrows(InvalidSpecException.class, () -> sdk.join(NAME));
      try (Session again = sdk.start(NAME, site.on(backend).overlay(overlay))) {
        assertEquals("kept\n", again.run("cat", "/app/kept").orThrow().stdout());
      }
    }
  }

  @OnEachBackend
  void theCommandLineJoinsWhatAnotherProcessOpened(String backend) throws Exception {
    configure();
    assertEquals(
        0, overlay("", "session", "start", NAME, "-b", backend, "--ephemeral", "base.sif"));
    assertEquals(7, overlay("typed", "session", "exec", NAME, "--", "sh", "-c", "cat; exit 7"));
    assertEquals("typed", Files.readString(site.directory().resolve("output")));
    assertEquals(0, overlay("", "session", "list", "--json"));
    String list = Files.readString(site.directory().resolve("output"));
    assertTrue(list.contains("\"name\":\"" + NAME + "\",\"alive\":true"), list);
    assertEquals(0, overlay("", "session", "stop", NAME));
    site.assertNothingLeft();
    assertFalse(overlay("", "session", "exec", NAME, "--", "true") == 0);
  }

  /** Of hosts that share a home: of another one's session nothing can be ended from here. */
  @Test
  void isNeitherStoppedNorJoinedFromAnotherHost() throws Exception {
    configure();
    try (OverlaySdk sdk = site.open()) {
      sdk.start(NAME, site.on("overlayfs").overlay(site.directoryOverlay(sdk))).close();
      String host = sdk.sessions().get(0).host();
      List<String[]> uses =
          List.of(
              new String[] {"session", "stop", NAME},
              new String[] {"session", "exec", NAME, "--", "true"});
      for (String[] words : uses) {
        assertEquals(125, overlay("", List.of("hostname elsewhere"), words));
        String error = Files.readString(site.directory().resolve("errors"));
        assertTrue(error.contains("is of the host " + host + ", and this is elsewhere"), error);
      }
      try (Session session = sdk.join(NAME)) {
        session.run("true").orThrow();
      }
    }
  }

  /** As of two clones, or two that are called localhost. */
  @Test
  void livesForAnotherHostOfTheSameNameToo() throws Exception {
    assumeTrue(
        Files.isReadable(MACHINE) && Files.size(MACHINE) > 1, "this machine has no " + MACHINE);
    configure();
    Files.writeString(site.directory().resolve("machine"), "0".repeat(32) + "\n");
    Files.writeString(site.directory().resolve("boot"), "its-own\n");
    List<String> clone =
        List.of(
            "mount --bind machine " + MACHINE, "mount --bind boot /proc/sys/kernel/random/boot_id");
    try (OverlaySdk sdk = site.open()) {
      sdk.start(NAME, site.on("overlayfs").overlay(site.directoryOverlay(sdk))).close();
      assertEquals(0, overlay("", clone, "recover"));
      assertEquals(125, overlay("", clone, "delete", "overlay"));
      String busy = Files.readString(site.directory().resolve("errors"));
      assertTrue(busy.contains("is in use by the session " + NAME), busy);
      assertEquals(125, overlay("", clone, "session", "stop", NAME));
      String error = Files.readString(site.directory().resolve("errors"));
      assertTrue(error.contains("and this is another one of that name"), error);
      try (Session session = sdk.join(NAME)) {
        session.run("true").orThrow();
      }
    }
  }

  private void configure() throws IOException {
    Files.writeString(
        site.directory().resolve("config.yaml"),
        "scratch: \"" + site.scratch() + "\"\nstate: \"" + site.state() + "\"\n");
  }

  private int overlay(String input, String... words) throws IOException, InterruptedException {
    return overlay(input, List.of(), words);
  }

  private Process begin(String input, String... words) throws IOException {
    return begin(input, List.of(), words);
  }

  /**
   * @param elsewhere what a shell does before, in namespaces of its own, where there is anything
   */
  private int overlay(String input, List<String> elsewhere, String... words)
      throws IOException, InterruptedException {
    return begin(input, elsewhere, words).waitFor();
  }

  private Process begin(String input, List<String> elsewhere, String... words) throws IOException {
    Path in = Files.writeString(site.directory().resolve("input"), input);
    ProcessBuilder builder =
        ChildJvm.of(site.directory(), "io.overlaysdk.cli.Main", words)
            .redirectInput(in.toFile())
            .redirectOutput(site.directory().resolve("output").toFile())
            .redirectError(site.directory().resolve("errors").toFile());
    if (!elsewhere.isEmpty()) {
      List<String> before = new ArrayList<>(List.of("unshare", "--uts", "--mount"));
      if (!System.getProperty("user.name").equals("root")) {
        before.addAll(List.of("--user", "--map-current-user", "--keep-caps"));
      }
      String script = String.join(" && ", elsewhere) + " && exec \"$@\"";
      before.addAll(List.of("sh", "-c", script, "sh"));
      before.addAll(builder.command());
      builder.command(before);
    }
    builder
        .environment()
        .put("OVERLAYSDK_CONFIG", site.directory().resolve("config.yaml").toString());
    return builder.start();
  }
}
