package io.overlaysdk.it.processes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Changes;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlayHolder;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.it.OnEachBackend;
import io.overlaysdk.it.OnEachExt3Backend;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One writer for each overlay or any number of readers, whoever and wherever they are. */
@Timeout(60)
class LockIT {
  private static final String HOLD = "touch /shared/started; while :; do sleep 1; done";

  private Site site;
  private Process other;

  @BeforeEach
  void makeSite(@TempDir Path directory) {
    site = Site.in(directory);
  }

  @AfterEach
  void endTheOther() throws InterruptedException {
    if (other != null) {
      other.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
    }
  }

  @OnEachBackend
  void keepsASecondSessionOfThisJvmOut(String backend) {
    try (OverlaySdk one = site.open();
        OverlaySdk two = site.open()) {
      SessionSpec spec = site.on(backend).overlay(site.directoryOverlay(one));
      try (Session session = one.start(spec)) {
        OverlayBusyException e = assertThrows(OverlayBusyException.class, () -> two.start(spec));
        assertTrue(e.getMessage().contains("another session of this process"), e::getMessage);
        session.run("sh", "-c", "echo mine >/app/kept").orThrow();
      }
      try (Session session = two.start(spec)) {
        assertEquals("mine\n", session.run("cat", "/app/kept").orThrow().stdout());
      }
    }
    site.assertNothingLeft();
  }

  @OnEachBackend
  void namesTheOtherProcessThatHoldsIt(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.directoryOverlay(sdk);
      SessionSpec spec = site.on(backend).overlay(overlay);
      hold(backend, overlay);

      OverlayBusyException e = assertThrows(OverlayBusyException.class, () -> sdk.start(spec));

      assertTrue(e.holder().contains("process " + other.pid() + " of "), e::holder);
      // a killed holder is no holder, and what it left running is ended before the next one writes
      other.destroyForcibly().waitFor();
      try (Session session = sdk.start(spec)) {
        assertEquals("", session.run("sh", "-c", "ls /app | grep gone").stdout());
      }
    }
    site.assertNothingLeft();
  }

  /** Of hosts that share a file system, and on it the home of a user with all state. */
  @Test
  void leavesAloneWhatLivesOnAnotherHost() throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.directoryOverlay(sdk);
      SessionSpec spec = site.on("fuse-overlayfs").overlay(overlay);
      other = elsewhere(overlay, HOLD).start();
      site.awaitShared("started", other);

      OverlayHolder holder =
          assertThrows(OverlayBusyException.class, () -> sdk.start(spec)).details().orElseThrow();
      assertEquals(Optional.of("elsewhere"), holder.host());
      assertEquals(Optional.empty(), holder.alive());
      assertEquals(List.of(), sdk.recover());
      assertTrue(other.isAlive());

      other.destroyForcibly().waitFor();
      // the lock went with it; what it has written down only that host may judge
      sdk.start(spec).close();
      assertEquals(List.of(), sdk.recover());
      assertFalse(sdk.sessions().isEmpty());
      assertEquals(0, elsewhere(overlay, "true").start().waitFor());
    }
    site.assertNothingLeft();
  }

  private ProcessBuilder elsewhere(Overlay overlay, String script) {
    List<String> words = new ArrayList<>(List.of("unshare", "--uts", "--mount"));
    if (!System.getProperty("user.name").equals("root")) {
      words.addAll(List.of("--user", "--map-current-user", "--keep-caps"));
    }
    words.addAll(List.of("sh", "-c", "hostname elsewhere && exec \"$@\"", "sh"));
    ProcessBuilder builder = program("fuse-overlayfs", overlay, script);
    words.addAll(builder.command());
    return builder.command(words);
  }

  @OnEachBackend
  void aSessionThatStaysHoldsItWithoutItsProcess(String backend) {
    try (OverlaySdk sdk = site.open()) {
      SessionSpec spec = site.on(backend).overlay(site.directoryOverlay(sdk));
      sdk.start("holder", spec).close();
      OverlayBusyException e = assertThrows(OverlayBusyException.class, () -> sdk.start(spec));
      assertTrue(e.holder().contains("the session holder"), e::holder);
      sdk.stop("holder");
      sdk.start(spec).close();
    }
    site.assertNothingLeft();
  }

  @Test
  void aSessionThatStaysAndReadsKeepsWritersOut() {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.directoryOverlay(sdk);
      SessionSpec writing = site.on("overlayfs").overlay(overlay);
      sdk.start("reader", site.on("overlayfs").overlay(overlay.readOnly())).close();
      OverlayBusyException e = assertThrows(OverlayBusyException.class, () -> sdk.start(writing));
      assertTrue(e.holder().contains("the session reader"), e::holder);
      Path path = overlay.path().orElseThrow();
      assertThrows(OverlayBusyException.class, () -> sdk.breakLeases(path));
      sdk.stop("reader");
      assertFalse(Files.exists(path.resolve("overlay.leases")));
      sdk.start(writing).close();
    }
    site.assertNothingLeft();
  }

  @OnEachBackend
  void waitsForTheOtherWhereItIsAskedTo(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      SessionSpec spec = site.on(backend).overlay(site.directoryOverlay(sdk));
      Session holder = sdk.start(spec);
      holder.run("sh", "-c", "echo first >/app/kept").orThrow();
      CompletableFuture<String> waiting =
          CompletableFuture.supplyAsync(
              () -> {
                try (Session session = sdk.start(spec.patience(Duration.ofSeconds(30)))) {
                  return session.run("cat", "/app/kept").orThrow().stdout();
                }
              });
      SessionSpec hasty = spec.patience(Duration.ofMillis(1));
      assertThrows(OverlayBusyException.class, () -> sdk.start(hasty));
      assertFalse(waiting.isDone(), "it waits");
      holder.close();
      assertEquals("first\n", waiting.get(30, TimeUnit.SECONDS));
    }
    site.assertNothingLeft();
  }

  @Test
  void anyNumberReadsAndNobodyWritesMeanwhile() {
    String backend = "overlayfs";
    try (OverlaySdk one = site.open();
        OverlaySdk two = site.open()) {
      Overlay overlay = site.directoryOverlay(one);
      SessionSpec writing = site.on(backend).overlay(overlay);
      SessionSpec reading = site.on(backend).overlay(overlay.readOnly());
      try (Session session = one.start(writing)) {
        session.run("sh", "-c", "echo mine >/app/kept").orThrow();
        assertThrows(OverlayBusyException.class, () -> two.start(reading));
        assertThrows(OverlayBusyException.class, () -> two.changes(writing, Changes.Detail.ROOTS));
        Path layer = site.directory().resolve("layer.tar");
        assertThrows(OverlayBusyException.class, () -> two.exportLayer(writing, layer));
        try (Changes changes = session.changes()) {
          assertTrue(changes.iterator().hasNext(), "its own changes can be read");
          assertThrows(IllegalStateException.class, () -> session.run("true"), "for ever waiting");
        }
      }
      try (Session first = one.start(reading);
          Session second = two.start(reading)) {
        for (Session session : List.of(first, second)) {
          assertEquals("mine\n", session.run("cat", "/app/kept").orThrow().stdout());
        }
        try (Changes third = two.changes(writing, Changes.Detail.ROOTS)) {
          assertTrue(third.iterator().hasNext());
        }
        assertThrows(OverlayBusyException.class, () -> one.start(writing));
        assertThrows(OverlayBusyException.class, () -> two.convert(writing));
        assertTrue(one.info(overlay.path().orElseThrow()).holder().isEmpty(), "nobody writes");
      }
      one.start(writing).close();
    }
    site.assertNothingLeft();
  }

  /** With a tool that locks the image itself, and with one that leaves it to the engine. */
  @ParameterizedTest
  @ValueSource(strings = {"apptainer", "fuse-overlayfs"})
  void keepsABareToolOutOfAnImageAndIsKeptOutByIt(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.ext3Overlay(sdk);
      String image = overlay.path().orElseThrow().toString();
      SessionSpec writing = site.on(backend).overlay(overlay);
      SessionSpec reading = site.on(backend).overlay(overlay.readOnly());
      try (Session session = sdk.start(writing)) {
        session.run("sh", "-c", "echo mine >/app/kept").orThrow();
        assertTrue(bare(image, "true").contains("currently in use"));
        assertTrue(bare(image + ":ro", "true").contains("currently in use"));
        // a descriptor that is closed would drop the lock
        sdk.info(Path.of(image));
        assertTrue(bare(image, "true").contains("currently in use"));
      }
      try (Session session = sdk.start(reading)) {
        assertEquals("mine\n", session.run("cat", "/app/kept").orThrow().stdout());
        assertTrue(bare(image, "true").contains("currently in use"));
        assertEquals("mine\n", bare(image + ":ro", "cat /app/kept"));
      }
      try (Changes changes = sdk.changes(writing, Changes.Detail.ROOTS)) {
        assertTrue(changes.iterator().hasNext());
        assertTrue(bare(image, "true").contains("currently in use"));
      }
      other = bareProcess(image, "echo started; cat").start();
      assertEquals('s', other.getInputStream().read());
      for (SessionSpec spec : List.of(reading, writing)) {
        OverlayBusyException e = assertThrows(OverlayBusyException.class, () -> sdk.start(spec));
        assertTrue(e.details().orElseThrow().process().isPresent(), e::holder);
      }
      assertThrows(OverlayBusyException.class, () -> sdk.changes(writing, Changes.Detail.ROOTS));
      // in order: the drivers of an Apptainer that is killed stay (1.4)
      other.getOutputStream().close();
      assertTrue(other.waitFor(30, TimeUnit.SECONDS));
    }
    site.assertNothingLeft();
  }

  /** Nobody of the engine that opened such a session need live, and its container holds no lock. */
  @OnEachExt3Backend
  void aSessionThatStaysKeepsABareToolOutOfAnImage(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.ext3Overlay(sdk);
      String image = overlay.path().orElseThrow().toString();
      sdk.start("staying", site.on(backend).overlay(overlay)).close();
      assertTrue(bare(image, "true").contains("currently in use"));
      assertTrue(bare(image + ":ro", "true").contains("currently in use"));
      try (Session session = sdk.join("staying")) {
        session.run("sh", "-c", "echo mine >/app/kept").orThrow();
      }
      assertThrows(OverlayBusyException.class, () -> sdk.start(site.on(backend).overlay(overlay)));
      sdk.stop("staying");
      assertEquals("mine\n", bare(image, "cat /app/kept"));
      sdk.start("staying", site.on(backend).overlay(overlay.readOnly())).close();
      assertTrue(bare(image, "true").contains("currently in use"));
      assertEquals("mine\n", bare(image + ":ro", "cat /app/kept"));
      sdk.stop("staying");
      assertEquals("", bare(image, "true"));
    }
    site.assertNothingLeft();
  }

  private String bare(String overlay, String script) throws Exception {
    Process process = bareProcess(overlay, script).start();
    return new String(process.getInputStream().readAllBytes(), UTF_8);
  }

  private ProcessBuilder bareProcess(String overlay, String script) {
    List<String> words = new ArrayList<>(List.of("apptainer", "--silent", "exec", "--contain"));
    if (System.getProperty("user.name").equals("root")) {
      words.add("--no-privs");
    }
    words.addAll(List.of("--overlay", overlay, site.image().toString(), "sh", "-c", script));
    return new ProcessBuilder(words).redirectErrorStream(true);
  }

  @Test
  void aRecordThatIsNoneDoesNotMatter() throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.directoryOverlay(sdk);
      Path file = overlay.path().orElseThrow().resolve("overlay.lock");
      Files.writeString(file, "process x\nend\n");
      sdk.start(site.on("overlayfs").overlay(overlay)).close();
      assertEquals("", Files.readString(file));
    }
  }

  private void hold(String backend, Overlay overlay) throws Exception {
    other = program(backend, overlay, HOLD).start();
    site.awaitShared("started", other);
  }

  private ProcessBuilder program(String backend, Overlay overlay, String script) {
    return ChildJvm.of(
        site.directory(),
        SessionProgram.class,
        site.directory().toString(),
        backend,
        overlay.path().orElseThrow().toString(),
        script);
  }
}
