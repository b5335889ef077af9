package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;

import io.overlaysdk.spi.Host;
import io.overlaysdk.testkit.FakeHost;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecoveryTest {
  private static final String UUID = "0b9ff4b8-3c5f-4a5e-9d0e-1f2a3b4c5d6e";

  /** The first process has been started long before this. */
  private static final String DEAD = "1 999999999999";

  @TempDir private Path directory;
  private Path state;
  private Recovery recovery;

  @BeforeEach
  void make() throws IOException {
    state = Files.createDirectory(directory.resolve("state"));
    Host host = FakeHost.linux();
    recovery =
        new Recovery(
            new Journal(state),
            new Removal(host, mock(Launcher.class)),
            LinesTest.lines(new Journal(state)),
            Duration.ofMillis(10));
  }

  private void record(String... lines) throws IOException {
    String head =
        "host "
            + Journal.hostName()
            + "\nboot "
            + Journal.bootId()
            + "\n"
            + "pids "
            + Journal.pidNamespace()
            + "\n";
    Files.writeString(
        state.resolve("a.session"),
        head + "owner " + DEAD + "\nsession work\n" + String.join("\n", lines) + "\n");
  }

  @Test
  void closesARecordInWhichItsOwnerCouldWriteNothing() throws IOException {
    String boot = Journal.bootId();
    Path dead =
        Files.createFile(
            state.resolve(UUID + "." + boot + "." + DEAD.replace(' ', '.') + ".session"));
    Journal.ProcessKey self = Journal.ProcessKey.of(ProcessHandle.current().pid());
    Path begun =
        Files.createFile(
            state.resolve(UUID + "." + boot + "." + self.pid() + "." + self.start() + ".session"));
    Path other = Files.createFile(state.resolve(UUID + ".another-boot.1.999999999999.session"));

    recovery.run();

    assertFalse(Files.exists(dead));
    assertTrue(Files.exists(begun));
    assertTrue(Files.exists(other));
  }

  @Test
  void deletesWhatWasMadeBesideItsPlaceAndNothingElse() throws IOException {
    Path partial = Files.createDirectory(directory.resolve(".mine." + UUID));
    Files.createFile(partial.resolve("file"));
    Path users = Files.createFile(directory.resolve("users"));
    record("partial " + partial, "partial " + users);

    assertEquals(
        List.of("UNFINISHED " + partial, "SESSION work"),
        recovery.run().stream().map(one -> one.kind() + " " + one.what()).toList());
    assertTrue(Files.exists(users));
  }

  @Test
  void deletesAManifestWhoseImageNeverCame() throws IOException {
    Path orphan = Files.createFile(directory.resolve("new.ext3.overlay.json"));
    Path image = Files.createFile(directory.resolve("there.ext3"));
    Path manifest = Files.createFile(directory.resolve("there.ext3.overlay.json"));
    Path users = Files.createFile(directory.resolve("users.json"));
    record("manifest " + orphan, "manifest " + manifest, "manifest " + users);

    recovery.run();

    assertFalse(Files.exists(orphan));
    assertTrue(Files.exists(manifest) && Files.exists(image) && Files.exists(users));
  }

  @Test
  void putsTheManifestBackOfAnOverlayThatWasNotFilled() throws IOException {
    Path upper = Files.createDirectories(directory.resolve("mine/upper"));
    Path manifest = Files.writeString(directory.resolve("mine/overlay.json"), "new");
    Path before = Files.writeString(directory.resolve("mine/.overlay.json." + UUID), "old");
    String[] lines = {
      "partial " + before, "sign " + upper, "before " + before, "filling " + manifest
    };
    record(lines);

    recovery.run();

    assertEquals("old", Files.readString(manifest));
    assertFalse(Files.exists(before));

    Files.createFile(upper.resolve("imported"));
    Files.writeString(before, "older");
    record(lines);
    recovery.run();
    assertEquals("old", Files.readString(manifest));
    assertFalse(Files.exists(before));
  }
}
