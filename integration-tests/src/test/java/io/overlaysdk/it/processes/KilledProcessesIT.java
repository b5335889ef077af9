package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Result;
import io.overlaysdk.Session;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Somebody kills a process of the container tool: run() comes back soon, nothing is left, and what
 * was written is there in the next session.
 */
class KilledProcessesIT {
  /** Notices when the file system under it is gone. */
  private static final String BUSY =
      "echo written > /app/message.txt; sync; touch /shared/started;"
          + " while ls -l /app /bin >/dev/null; do sleep 0.1; done; exit 7";

  private Site site;

  @BeforeEach
  void makeSite(@TempDir Path directory) {
    site = Site.in(directory);
  }

  /** Victims by a text in their words; the first process of the invocation has none. */
  static Stream<Arguments> victims() {
    List<Arguments> victims = new ArrayList<>();
    for (String sif : List.of("apptainer", "singularity")) {
      victims.add(Arguments.of(sif, ""));
      victims.add(Arguments.of(sif, "appinit"));
      if (!System.getProperty("user.name").equals("root")) {
        // for root they use the kernel's drivers
        victims.add(Arguments.of(sif, "squashfuse"));
        victims.add(Arguments.of(sif, "/fuse-overlayfs"));
      }
    }
    String entered = "/unshare --mount --pid";
    for (String victim : List.of("", entered, "squashfuse_ll -o", "/fuse-overlayfs -o")) {
      victims.add(Arguments.of("fuse-overlayfs", victim));
    }
    for (String victim : List.of("", entered)) {
      victims.add(Arguments.of("overlayfs", victim));
    }
    return victims.stream();
  }

  @ParameterizedTest(name = "{1} of {0}")
  @MethodSource("victims")
  void comesBackAndLeavesNothing(String backend, String victim) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.directoryOverlay(sdk);
      try (Session session = sdk.start(site.on(backend).overlay(overlay))) {
        CompletableFuture<Result> running =
            CompletableFuture.supplyAsync(() -> session.run("sh", "-c", BUSY));
        site.awaitShared("started");

        long pid =
            victim.isEmpty()
                ? site.lastProcess()
                : Traces.with(site.directory(), victim).orElseThrow().pid();
        ProcessHandle.of(pid).orElseThrow().destroyForcibly();

        assertFalse(succeeded(running), "a killed " + victim);
        site.assertNoProcessLeft();
        assertEquals("written\n", session.run("cat", "/app/message.txt").orThrow().stdout());
      }
      site.assertNothingLeft();
    }
  }

  /** Whether the command succeeded, as far as run() tells; an error of the SDK is a no. */
  private static boolean succeeded(CompletableFuture<Result> running) throws Exception {
    try {
      return running.get(20, TimeUnit.SECONDS).succeeded();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof OverlayException) {
        return false;
      }
      throw e;
    }
  }
}
