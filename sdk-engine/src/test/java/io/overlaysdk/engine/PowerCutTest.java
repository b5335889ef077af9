package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Configuration;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Policy;
import io.overlaysdk.Recovered;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The state on disk as it was at any moment, found again by a machine that was started anew. */
@Timeout(120)
class PowerCutTest {
  private static final String OTHER_BOOT = "boot 00000000-0000-0000-0000-000000000000";

  @TempDir Path directory;
  private Path live;

  @BeforeEach
  void makePlaces() throws IOException {
    directory = directory.toRealPath();
    Path services = Files.createDirectories(directory.resolve("services/META-INF/services"));
    Files.writeString(
        services.resolve("io.overlaysdk.spi.Backend"), HostBackend.class.getName() + "\n");
    live = Files.createDirectory(directory.resolve("live"));
    Files.createDirectory(live.resolve("scratch"));
    Files.createDirectory(live.resolve("image"));
  }

  private OverlaySdk open(Path place) throws MalformedURLException {
    URL[] path = {directory.resolve("services").toUri().toURL()};
    return Engine.open(
        Configuration.builder()
            .scratch(place.resolve("scratch"))
            .state(place.resolve("state"))
            .grace(Duration.ofMillis(300))
            .build(),
        Policy.none(),
        new URLClassLoader(path, HostBackend.class.getClassLoader()),
        System.getenv());
  }

  private static SessionSpec spec(Path place) {
    return SessionSpec.on(Image.at(place.resolve("image")))
        .overlay(Overlay.at(place.resolve("overlay")));
  }

  /** Byte by byte, because a file system may keep the beginning of what was written. */
  @Test
  void aRecordThatWasCutOffAnywhereIsOfNoHarm() throws IOException {
    String whole;
    try (OverlaySdk sdk = open(live)) {
      sdk.createOverlay(live.resolve("overlay"));
      try (Session session = sdk.start(spec(live))) {
        session.run("true");
        whole = Files.readString(list(live.resolve("state")).get(0));
      }
    }
    whole = whole.replaceFirst("(?m)^boot .*$", OTHER_BOOT);
    String line = "scratch " + live.resolve("scratch") + "/" + Recovery.SCRATCH_PREFIX;
    int at = whole.indexOf(line);
    Path scratch = Path.of(whole.substring(at + "scratch ".length(), whole.indexOf('\n', at)));
    try (OverlaySdk sdk = open(live)) {
      for (int length = 0; length <= whole.length(); length++) {
        Files.createDirectory(scratch);
        Path entry = live.resolve("state").resolve("cut-" + length + ".session");
        Files.writeString(entry, whole.substring(0, length));
        Files.setLastModifiedTime(entry, FileTime.from(Instant.now().minus(Duration.ofHours(1))));

        List<Recovered> done = sdk.recover();

        assertFalse(Files.exists(entry), "after " + length + " bytes: " + done);
        boolean told = whole.indexOf('\n', at) < length;
        assertEquals(told, !Files.exists(scratch), "after " + length + " bytes: " + done);
        Files.deleteIfExists(scratch);
      }
    }
  }

  @Test
  void aRecordThatIsJustBeingBegunIsLeftAlone() throws IOException {
    Files.createDirectory(live.resolve("state"));
    Path entry = Files.createFile(live.resolve("state/new.session"));
    try (OverlaySdk sdk = open(live)) {
      assertEquals(List.of(), sdk.recover());
    }
    assertTrue(Files.exists(entry));
  }

  /** While sessions are opened, used and closed. */
  @Test
  void everyStateThatIsFoundIsRecoveredAndOpensAgain() throws Exception {
    try (OverlaySdk sdk = open(live)) {
      sdk.createOverlay(live.resolve("overlay"));
      Thread user =
          new Thread(
              () -> {
                while (!Thread.currentThread().isInterrupted()) {
                  try (Session session = sdk.start(spec(live))) {
                    session.run("true");
                    session.sync();
                  }
                }
              });
      user.setUncaughtExceptionHandler((thread, interrupted) -> {});
      user.start();
      try {
        for (int i = 0; i < 20; i++) {
          Path copy = Files.createDirectory(directory.resolve("copy" + i));
          copy(live, copy);
          forget(copy);
          opensAgain(copy);
        }
      } finally {
        user.interrupt();
        user.join();
      }
    }
    assertEquals(List.of(), list(live.resolve("state")));
  }

  private void opensAgain(Path copy) throws IOException {
    try (OverlaySdk sdk = open(copy)) {
      sdk.recover();
      assertEquals(List.of(), list(copy.resolve("scratch")));
      assertEquals(List.of(), list(copy.resolve("state")));
      try (Session session = sdk.start(spec(copy))) {
        assertEquals("there\n", session.run("echo", "there").orThrow().stdout());
      }
    }
  }

  /** What vanishes meanwhile is left out; the pipes of a session are none that lead anywhere. */
  private static void copy(Path from, Path to) throws IOException {
    for (Path each : list(from)) {
      Path target = to.resolve(each.getFileName().toString());
      try {
        if (Files.isDirectory(each)) {
          Files.createDirectory(target);
          copy(each, target);
        } else if (Files.isRegularFile(each)) {
          Files.copy(each, target);
        }
      } catch (NoSuchFileException e) {
        continue;
      }
    }
  }

  /** As the same files are on a machine that was started again, and long after a cut off record. */
  private void forget(Path copy) throws IOException {
    for (Path entry : list(copy.resolve("state"))) {
      String text =
          Files.readString(entry)
              .replaceFirst("(?m)^boot .*$", OTHER_BOOT)
              .replace(live.toString(), copy.toString());
      Files.write(entry, text.getBytes(UTF_8));
      Files.setLastModifiedTime(entry, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
    }
  }

  private static List<Path> list(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return new ArrayList<>(entries.toList());
    } catch (java.io.UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
