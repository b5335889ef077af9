package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.CancelledException;
import io.overlaysdk.Command;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Result;
import io.overlaysdk.Session;
import io.overlaysdk.Termination;
import io.overlaysdk.it.OnEachBackend;
import io.overlaysdk.it.OnEachExt3Backend;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * However a session ends: no process, no mount, no scratch file, no journal entry is left of it.
 */
class NothingLeftIT {
  /** Nothing of it ends by itself or when it is told to, and some of it leaves every group. */
  private static final String STUBBORN =
      """
      echo written > /app/message.txt
      trap '' HUP INT TERM
      sh -c 'trap "" TERM; while :; do sleep 1; done' &
      (setsid sh -c 'trap "" HUP TERM; while :; do sleep 1; done' &)
      (setsid setsid sleep 1000 &)
      sleep 1000 &
      touch /shared/started
      while :; do sleep 1; done
      """;

  private Site site;

  @BeforeEach
  void makeSite(@TempDir Path directory) {
    site = Site.in(directory);
  }

  @OnEachBackend
  void leavesNothingAfterClose(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.directoryOverlay(sdk);
      Session session = sdk.start(site.on(backend).overlay(overlay));
      session.run("sh", "-c", "echo new > /app/message.txt; rm -r /app/obsolete.txt").orThrow();
      session.close();

      site.assertNothingLeft();
      assertEquals(
          "new\n", Files.readString(site.directory().resolve("overlay/upper/app/message.txt")));
    }
  }

  @OnEachExt3Backend
  void leavesAnExt3OverlayCleanAfterClose(String backend) {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.ext3Overlay(sdk);
      Session session = sdk.start(site.on(backend).overlay(overlay));
      session.run("sh", "-c", "echo new > /app/message.txt; sleep 1000 & :").orThrow();
      session.close();

      site.assertNothingLeft();
      Ext3 image = new Ext3(overlay.path().orElseThrow());
      image.assertClean();
      assertEquals("new\n", image.upper("/app/message.txt"));
    }
  }

  @OnEachBackend
  void leavesNothingOfAnEphemeralOverlay(String backend) {
    try (OverlaySdk sdk = site.open()) {
      Session session = sdk.start(site.on(backend).overlay(Overlay.ephemeral()));
      session.run("sh", "-c", "mkdir -p /new/deep && chmod 0 /new && rm -r /app").orThrow();
      session.close();

      site.assertNothingLeft();
    }
  }

  @OnEachExt3Backend
  void endsACommandThatIgnoresSignalsAtItsTimeLimit(String backend) {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.ext3Overlay(sdk);
      Session session = sdk.start(site.on(backend).overlay(overlay));
      Result result =
          session.run(Command.of("sh", "-c", STUBBORN).timeLimit(Duration.ofMillis(1500)));

      assertEquals(Termination.TIMED_OUT, result.termination());
      assertEquals(124, result.exitStatus());
      site.assertNoneLeftWith("sleep 1000");
      site.assertNoneLeftWith("do sleep 1;");
      assertEquals("written\n", session.run("cat", "/app/message.txt").orThrow().stdout());

      session.close();
      site.assertNothingLeft();
      new Ext3(overlay.path().orElseThrow()).assertClean();
    }
  }

  @OnEachExt3Backend
  void endsACommandThatAnotherThreadRunsWhenItIsClosed(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.ext3Overlay(sdk);
      Session session = sdk.start(site.on(backend).overlay(overlay));
      CompletableFuture<Result> running =
          CompletableFuture.supplyAsync(() -> session.run("sh", "-c", STUBBORN));
      site.awaitShared("started");

      session.close();

      site.assertNothingLeft();
      assertFalse(running.get(10, TimeUnit.SECONDS).succeeded());
      new Ext3(overlay.path().orElseThrow()).assertClean();
      assertEquals("written\n", new Ext3(overlay.path().orElseThrow()).upper("/app/message.txt"));
    }
  }

  @OnEachBackend
  void endsTheCommandOfAThreadThatIsInterrupted(String backend) throws Exception {
    try (OverlaySdk sdk = site.open();
        Session session = sdk.start(site.on(backend).overlay(site.directoryOverlay(sdk)))) {
      CompletableFuture<Boolean> flag = new CompletableFuture<>();
      Thread thread =
          new Thread(
              () -> {
                assertThrows(CancelledException.class, () -> session.run("sh", "-c", STUBBORN));
                flag.complete(Thread.currentThread().isInterrupted());
              });
      thread.start();
      site.awaitShared("started");

      thread.interrupt();

      assertTrue(flag.get(10, TimeUnit.SECONDS), "the interrupt is kept");
      site.assertNoneLeftWith("sleep 1000");
      site.assertNoneLeftWith("do sleep 1;");
      assertEquals("written\n", session.run("cat", "/app/message.txt").orThrow().stdout());
    }
    site.assertNothingLeft();
  }
}
