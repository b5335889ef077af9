package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.it.OnEachBackend;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One writer for each overlay, whoever and wherever it is. */
@Timeout(60)
class LockIT {
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
    other =
        ChildJvm.of(
                site.directory(),
                SessionProgram.class,
                site.directory().toString(),
                backend,
                overlay.path().orElseThrow().toString(),
                "touch /shared/started; while :; do sleep 1; done")
            .start();
    site.awaitShared("started", other);
  }
}
