package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.it.OnEachBackend;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/**
 * Many sessions in one JVM use no more than a few. Run with {@code -Doverlaysdk.sessions=N} for
 * more of them on each backend; the soak run has 2,000.
 */
@Tag("soak")
class SoakIT {
  private static final int SESSIONS =
      Integer.getInteger("overlaysdk.sessions", Boolean.getBoolean("overlaysdk.soak") ? 2000 : 10);

  /** What a session of the second half may use more than one of the first: nothing that grows. */
  private static final int MORE_DESCRIPTORS = 8;

  private static final int MORE_THREADS = 8;
  private static final long MORE_HEAP = 4 << 20;

  private Site site;

  @BeforeEach
  void makeSite(@TempDir Path directory) {
    site = Site.in(directory);
  }

  /** What this JVM uses. */
  private record Use(long descriptors, long threads, long mounts, long heap, long scratch) {
    static Use now(Site site) throws IOException {
      return new Use(
          count(Path.of("/proc/self/fd")),
          count(Path.of("/proc/self/task")),
          Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
              .filter(line -> line.contains(site.directory().toString()))
              .count(),
          heapUsed(),
          count(site.scratch()) + count(site.state()));
    }

    private static long count(Path directory) throws IOException {
      try (Stream<Path> entries = Files.list(directory)) {
        return entries.count();
      }
    }

    /** A collector may need several turns for what references keep. */
    private static long heapUsed() {
      for (int i = 0; i < 3; i++) {
        System.gc();
      }
      return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
  }

  @OnEachBackend
  void usesNoMoreInTheEnd(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.directoryOverlay(sdk);
      // what is loaded and started once
      sessions(sdk, backend, overlay, 2);
      sessions(sdk, backend, overlay, SESSIONS / 2);
      Use half = Use.now(site);
      sessions(sdk, backend, overlay, SESSIONS - SESSIONS / 2);
      Use all = Use.now(site);
      String both = half + ", then " + all;
      System.out.println(SESSIONS + " sessions on " + backend + ": " + both);
      assertTrue(all.descriptors() <= half.descriptors() + MORE_DESCRIPTORS, both);
      assertTrue(all.threads() <= half.threads() + MORE_THREADS, both);
      assertTrue(all.heap() <= half.heap() + MORE_HEAP, both);
      assertEquals(0, all.mounts(), both);
      assertEquals(0, all.scratch(), both);
    }
    site.assertNothingLeft();
  }

  private void sessions(OverlaySdk sdk, String backend, Overlay overlay, int count) {
    for (int i = 0; i < count; i++) {
      try (Session session = sdk.start(site.on(backend).overlay(overlay))) {
        session.run("sh", "-c", "echo " + i + " >/app/message.txt").orThrow();
      }
    }
  }
}
