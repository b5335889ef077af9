package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.it.OnEachBackend;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Many threads, sessions and commands at once. */
class ParallelIT {
  private static final int THREADS = 8;
  private static final int COMMANDS = 3;

  private Site site;

  @BeforeEach
  void makeSite(@TempDir Path directory) {
    site = Site.in(directory);
  }

  @OnEachBackend
  void sessionsOnOneBaseDoNotSeeEachOther(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay left = sdk.createOverlay(site.directory().resolve("left"));
      Overlay right = sdk.createOverlay(site.directory().resolve("right"));
      try (Session one = sdk.start(site.on(backend).overlay(left));
          Session two = sdk.start(site.on(backend).overlay(right))) {
        one.run("sh", "-c", "echo left > /app/message.txt").orThrow();
        two.run("sh", "-c", "echo right > /app/message.txt").orThrow();
        List<Callable<String>> work = new ArrayList<>();
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
          Session session = i % 2 == 0 ? one : two;
          for (int k = 0; k < COMMANDS; k++) {
            String word = "word " + i + "." + k;
            work.add(() -> session.run("sh", "-c", READ, "sh", word).orThrow().stdout());
            expected.add((i % 2 == 0 ? "left" : "right") + "\n" + word + "\n");
          }
        }
        assertEquals(expected, atOnce(work));
      }
      site.assertNothingLeft();
    }
  }

  private static final String READ = "cat /app/message.txt; printf '%s\\n' \"$1\"";

  @OnEachBackend
  void commandsOnOneWritableOverlayLoseNothing(String backend) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.directoryOverlay(sdk);
      try (Session session = sdk.start(site.on(backend).overlay(overlay))) {
        List<Callable<String>> work = new ArrayList<>();
        TreeSet<String> expected = new TreeSet<>();
        for (int i = 0; i < THREADS * COMMANDS; i++) {
          String line = "line " + i;
          expected.add(line);
          work.add(
              () ->
                  session
                      .run("sh", "-c", "printf '%s\\n' \"$1\" >> /app/log", "sh", line)
                      .orThrow()
                      .stdout());
        }
        atOnce(work);
        List<String> lines = session.run("cat", "/app/log").orThrow().stdout().lines().toList();
        assertEquals(THREADS * COMMANDS, lines.size());
        assertEquals(expected, new TreeSet<>(lines));
      }
      assertEquals(
          THREADS * COMMANDS,
          Files.readAllLines(site.directory().resolve("overlay/upper/app/log")).size());
    }
  }

  private static List<String> atOnce(List<Callable<String>> work) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<String> results = new ArrayList<>();
      for (Future<String> each : threads.invokeAll(work, 120, TimeUnit.SECONDS)) {
        results.add(each.get());
      }
      return results;
    } finally {
      threads.shutdownNow();
    }
  }
}
