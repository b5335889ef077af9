package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;

import io.overlaysdk.Access;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.testkit.FakeHost;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecoveryTest {
  private static final String UUID = "0b9ff4b8-3c5f-4a5e-9d0e-1f2a3b4c5d6e";

  /** The first process has been started long before this. */
  private static final String DEAD = "1 999999999999";

  @TempDir private Path directory;
  private Path state;
  private Lines lines;
  private Recovery recovery;

  @BeforeEach
  void make() throws IOException {
    state = Files.createDirectory(directory.resolve("state"));
    Host host = FakeHost.linux();
    lines = LinesTest.lines(new Journal(state));
    recovery =
        new Recovery(
            new Journal(state),
            new Removal(host, mock(Launcher.class)),
            lines,
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

  @Test
  void whatAKilledForkLeftGoesWhileTheOverlayIsInUse() throws IOException {
    LayerStore store = killedFork();
    OverlayLock used = lock("mine");
    recovery.run();
    used.close();

    assertEquals(List.of(directory.resolve("mine")), overlays(store));
    assertFalse(Files.exists(state.resolve("a.session")));
    lines.delete(directory.resolve("mine"));
    assertFalse(Files.exists(store.directory()));
  }

  @Test
  void theRecordOfAKilledForkStaysAsLongAsItsStoreIsInUse() throws IOException {
    LayerStore store = killedFork();
    OverlayLock used = lock(store.directory().getFileName().toString());
    assertEquals(List.of(), recovery.run());
    used.close();
    assertTrue(Files.exists(state.resolve("a.session")));

    Path again = directory.resolve("fork");
    lines.fork(directory.resolve("mine"), Optional.empty(), again);
    assertEquals(1, recovery.run().size());
    assertEquals(
        List.of(again, directory.resolve("mine")),
        overlays(store),
        "the one that came at last, and not the one that never did");
    assertFalse(Files.exists(state.resolve("a.session")));
  }

  /** Killed before the last rename: the store knows of a fork that never came. */
  private LayerStore killedFork() throws IOException {
    directory = directory.toRealPath();
    Path mine = directory.resolve("mine");
    Files.createDirectories(mine.resolve("upper"));
    Files.createDirectory(mine.resolve("work"));
    String at = lines.snapshot(mine, "").id();
    LayerStore store = LayerStore.beside(mine);
    Path fork = directory.resolve("fork");
    store.remember(
        new Line(fork, LayerStore.newId(), store, Optional.of(at), Optional.empty()), Set.of(at));
    record("store " + store.directory(), "line " + mine, "left " + fork);
    return store;
  }

  private OverlayLock lock(String name) {
    return OverlayLock.take(
        new OverlayFacts(OverlayFacts.Kind.DIRECTORY, directory.resolve(name), Access.READ_WRITE),
        new Locking(FakeHost.linux(), Optional.empty()),
        "");
  }

  private static List<Path> overlays(LayerStore store) {
    return store.known().stream().map(LayerStore.Known::overlay).sorted().toList();
  }

  @Test
  void leavesWhatIsOfAnotherHostOfTheSameName() throws IOException {
    record("name there", "pipe c0", "owner " + DEAD);
    Path file = state.resolve("a.session");
    String before = Files.readString(file).replaceFirst("boot .*", "boot its own");
    Files.writeString(file, before + "machine another\n");
    Journal.Entry entry = new Journal(state).entry("a.session").orElseThrow();

    assertEquals(List.of(), recovery.run());
    InvalidSpecException e = assertThrows(InvalidSpecException.class, () -> recovery.end(entry));
    assertTrue(e.getMessage().contains("and this is another one of that name"), e::getMessage);

    // of this one, and of a time when the id was not written down
    for (String machine : List.of("machine " + Journal.machine() + "\n", "")) {
      Files.writeString(file, before + machine);
      assertEquals(1, recovery.run().size());
      assertFalse(Files.exists(file));
    }
  }

  @Test
  void aMachineIsKnownByItsIdWhichIsNotShown() throws IOException {
    Path file = directory.resolve("machine-id");
    assertEquals("", Journal.machine(file));
    for (String none : List.of("", "\n", "uninitialized\n")) {
      assertEquals("", Journal.machine(Files.writeString(file, none)));
    }
    String id = "0123456789abcdef0123456789abcdef";
    String one = Journal.machine(Files.writeString(file, id + "\n"));
    assertFalse(one.isEmpty() || one.replace("-", "").equals(id));
    assertEquals(one, Journal.machine(file));
    assertNotEquals(one, Journal.machine(Files.writeString(file, id.replace('0', '1') + "\n")));
  }

  /** Of a host that shares the home, and of a container that has bound it. */
  @ParameterizedTest
  @ValueSource(strings = {"host elsewhere", "pids pid:[1]"})
  void refusesToEndWhatLivesElsewhere(String line) throws IOException {
    record("name there", "pipe c0", "owner " + DEAD);
    Path file = state.resolve("a.session");
    Files.createSymbolicLink(state.resolve("there.name"), file.getFileName());
    String field = line.split(" ")[0];
    Files.writeString(file, Files.readString(file).replaceFirst(field + " .*", line));
    Journal journal = new Journal(state);
    NamedSessions sessions =
        new NamedSessions(
            journal,
            recovery,
            FakeHost.linux(),
            mock(Launcher.class),
            Guard.none(),
            Duration.ofMillis(10));

    String there = field.equals("host") ? "of the host elsewhere" : "of another pid namespace";
    List<Executable> uses =
        List.of(
            () -> sessions.stop("there"),
            () ->
                sessions.join(
                    "there",
                    new CommandSession.Limits(Optional.empty(), Duration.ZERO, 0),
                    new Listeners(),
                    session -> {}),
            () -> recovery.end(journal.named("there").orElseThrow()));
    for (Executable use : uses) {
      InvalidSpecException e = assertThrows(InvalidSpecException.class, use);
      assertTrue(e.getMessage().startsWith("the session there is "), e::getMessage);
      assertTrue(e.getMessage().contains(there), e::getMessage);
    }
    assertEquals(List.of(), recovery.run());
    assertTrue(Files.exists(file));
  }
}
