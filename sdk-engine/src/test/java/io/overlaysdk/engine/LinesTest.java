package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Snapshot;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.testkit.FakeHost;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinesTest {
  private static final Image IMAGE = Image.at(Path.of("/images/base.sif"));

  @TempDir private Path directory;
  @TempDir private Path state;
  private Path mine;
  private Lines lines;

  static Lines lines(Journal journal) {
    Removal removal = new Removal(FakeHost.linux(), mock(Launcher.class));
    return lines(journal, removal, left -> {});
  }

  private static Lines lines(Journal journal, Removal removal, Consumer<AutoCloseable> later) {
    Host host = FakeHost.linux();
    return new Lines(
        new Locking(host, Optional.empty()),
        removal,
        new Ledger(host, Clock.systemUTC()),
        new EmptyImages(host, mock(Launcher.class), what -> mock(Scratch.class)),
        journal,
        later);
  }

  private static Host realHost() {
    return new HostMachine(Map.of(), System.getenv(), words -> Optional.empty());
  }

  private static Launcher realLauncher() {
    return new Launcher(
        new Environment(System.getenv()),
        Guard.none(),
        Optional.empty(),
        Duration.ofSeconds(1),
        1 << 20);
  }

  static Removal realRemoval() {
    return new Removal(realHost(), realLauncher());
  }

  /** Those that can make images, with the programs of this machine. */
  static Lines realLines(Journal journal) {
    Launcher launcher = realLauncher();
    Host host = realHost();
    return new Lines(
        new Locking(host, Optional.empty()),
        new Removal(host, launcher),
        new Ledger(host, Clock.systemUTC()),
        new EmptyImages(host, launcher, what -> scratch(host, launcher)),
        journal,
        left -> {});
  }

  private static Scratch scratch(Host host, Launcher launcher) {
    Path directory = Path.of(System.getProperty("java.io.tmpdir"), "lines-" + UUID.randomUUID());
    Scratch scratch =
        new Scratch(directory, mock(Journal.Entry.class), launcher, new Removal(host, launcher));
    scratch.make();
    return scratch;
  }

  @BeforeEach
  void make() throws IOException {
    directory = directory.toRealPath();
    lines = lines(new Journal(state));
    mine = overlay("mine");
  }

  @Test
  void aDeletionThatFailedInTheMiddleIsDoneLater() throws Exception {
    write(mine, "file");
    Removal failing = mock(Removal.class);
    doThrow(new OverlayException("busy"))
        .doThrow(new OverlayException("still busy"))
        .doAnswer(
            call -> {
              Deletion.tree(call.getArgument(0));
              return null;
            })
        .when(failing)
        .remove(any());
    Journal journal = new Journal(state);
    List<AutoCloseable> later = new ArrayList<>();
    assertThrows(OverlayException.class, () -> lines(journal, failing, later::add).delete(mine));
    for (AutoCloseable left : later) {
      left.close();
    }

    assertEquals(List.of(), journal.entries());
    try (Stream<Path> left = Files.list(directory)) {
      assertEquals(List.of(), left.toList());
    }
  }

  private Path overlay(String name) throws IOException {
    Path overlay = Files.createDirectory(directory.resolve(name));
    Files.createDirectory(overlay.resolve("upper"));
    Files.createDirectory(overlay.resolve("work"));
    return overlay;
  }

  private void write(Path overlay, String name) throws IOException {
    Files.writeString(overlay.resolve("upper").resolve(name), name);
  }

  /** The files that a session on the overlay sees, of which none hides another here. */
  private List<String> seen(Path overlay) throws IOException {
    SessionSpec spec = SessionSpec.on(IMAGE).overlay(Overlay.at(overlay));
    Stream<String> files = Stream.of();
    for (Overlay layer : lines.expand(spec).overlays()) {
      try (Stream<Path> names = Files.list(layer.path().orElseThrow().resolve("upper"))) {
        files =
            Stream.concat(
                files, names.map(Path::getFileName).map(Path::toString).toList().stream());
      }
    }
    return files.sorted().toList();
  }

  @Test
  void anOverlayThatWasNeverFrozenIsWhatItWas() {
    SessionSpec spec =
        SessionSpec.on(IMAGE).overlay(Overlay.at(mine).readOnly()).overlay(Overlay.ephemeral());
    assertEquals(spec, lines.expand(spec));
    assertEquals(List.of(), lines.log(mine));
  }

  @Test
  void layersLieBelowTheOverlayInTheirOrder() throws IOException {
    write(mine, "one");
    Snapshot one = lines.snapshot(mine, "first");
    write(mine, "two");
    Snapshot two = lines.snapshot(mine, "second");
    write(mine, "three");
    List<Overlay> overlays =
        lines.expand(SessionSpec.on(IMAGE).overlay(Overlay.at(mine))).overlays();
    Path store = directory.resolve(".mine.layers");
    assertEquals(
        List.of(
            Overlay.at(store.resolve(one.id())).readOnly(),
            Overlay.at(store.resolve(two.id())).readOnly(),
            Overlay.at(mine)),
        overlays);
    assertEquals(List.of("one", "three", "two"), seen(mine));
    assertEquals(Optional.empty(), one.parent());
    assertEquals(Optional.of(one.id()), two.parent());
    assertEquals(
        List.of("first", "second"), lines.log(mine).stream().map(Snapshot::message).toList());
    assertEquals(List.of(mine), lines.log(mine).get(1).overlays());
  }

  @Test
  void theNewUpperLooksLikeTheOldOne() throws IOException {
    Path upper = mine.resolve("upper");
    Files.setPosixFilePermissions(upper, PosixFilePermissions.fromString("rwxr-x--x"));
    Files.setAttribute(upper, "user:note", "kept".getBytes(UTF_8));
    Files.setAttribute(upper, "user:overlay.origin", "x".getBytes(UTF_8));
    lines.snapshot(mine, "");
    assertEquals("rwxr-x--x", PosixFilePermissions.toString(Files.getPosixFilePermissions(upper)));
    assertEquals(
        List.of("note"),
        Files.getFileAttributeView(
                upper, java.nio.file.attribute.UserDefinedFileAttributeView.class)
            .list());
  }

  @Test
  void aForkSharesWhatIsBelowAndNothingAbove() throws IOException {
    write(mine, "one");
    Snapshot one = lines.snapshot(mine, "");
    write(mine, "two");
    Path now = directory.resolve("now");
    Path then = directory.resolve("then");
    lines.fork(mine, Optional.empty(), now);
    lines.fork(mine, Optional.of(one.id().substring(0, 6)), then);
    write(mine, "three");
    write(now, "four");
    assertEquals(List.of("one", "three", "two"), seen(mine));
    assertEquals(List.of("four", "one", "two"), seen(now));
    assertEquals(List.of("one"), seen(then));
    Path other = directory.resolve("other");
    lines.fork(now, Optional.of(one.id()), other);
    assertEquals(List.of("one"), seen(other));
    assertThrows(InvalidSpecException.class, () -> lines.fork(mine, Optional.empty(), other));
  }

  @Test
  void aRollbackDiscardsOnlyWhatItIsToldTo() throws IOException {
    write(mine, "one");
    Snapshot one = lines.snapshot(mine, "");
    write(mine, "two");
    Snapshot two = lines.snapshot(mine, "");
    write(mine, "three");
    InvalidSpecException refused =
        assertThrows(
            InvalidSpecException.class, () -> lines.rollback(mine, Optional.of(one.id()), false));
    assertTrue(refused.getMessage().contains("--discard"), refused.getMessage());
    assertEquals(List.of("one", "three", "two"), seen(mine));
    lines.rollback(mine, Optional.of(one.id()), true);
    assertEquals(List.of("one"), seen(mine));
    lines.rollback(mine, Optional.of(two.id()), false);
    assertEquals(List.of("one", "two"), seen(mine));
    assertEquals(2, lines.log(mine).size());
    assertThrows(InvalidSpecException.class, () -> lines.rollback(mine, Optional.of("no"), false));
    assertThrows(InvalidSpecException.class, () -> lines.rollback(mine, Optional.of(""), false));
  }

  @Test
  void layersGoWithTheLastOverlayThatNeedsThem() throws IOException {
    write(mine, "one");
    Snapshot one = lines.snapshot(mine, "");
    write(mine, "two");
    lines.snapshot(mine, "");
    Path other = directory.resolve("other");
    lines.fork(mine, Optional.of(one.id()), other);
    lines.delete(mine);
    assertFalse(Files.exists(mine));
    assertEquals(List.of("one"), seen(other));
    assertEquals(List.of(one.id()), lines.log(other).stream().map(Snapshot::id).toList());
    lines.delete(other);
    try (Stream<Path> rest = Files.list(directory)) {
      assertEquals(List.of(), rest.toList());
    }
  }

  @Test
  void anOverlayThatIsNotWhereItWasKeepsItsLayers() throws IOException {
    write(mine, "one");
    lines.snapshot(mine, "");
    Path other = directory.resolve("other");
    lines.fork(mine, Optional.empty(), other);
    Path moved = Files.move(other, directory.resolve("moved"));
    lines.delete(mine);
    assertEquals(List.of("one"), seen(moved));
  }

  @Test
  void isRefusedWhileASessionWrites() throws IOException {
    write(mine, "one");
    Snapshot one = lines.snapshot(mine, "");
    OverlayLock lock =
        OverlayLock.take(
            new OverlayReader().read(Overlay.at(mine)),
            new Locking(FakeHost.linux(), Optional.empty()),
            "");
    try {
      assertThrows(OverlayBusyException.class, () -> lines.snapshot(mine, ""));
      assertThrows(
          OverlayBusyException.class, () -> lines.rollback(mine, Optional.of(one.id()), true));
      assertThrows(OverlayBusyException.class, () -> lines.delete(mine));
      lines.fork(mine, Optional.of(one.id()), directory.resolve("other"));
    } finally {
      lock.close();
    }
  }

  @Test
  void deletesNothingThatIsMoreThanAnOverlay() throws IOException {
    Files.writeString(mine.resolve("thesis.tex"), "years of work");
    assertThrows(InvalidSpecException.class, () -> lines.delete(mine));
    assertTrue(Files.exists(mine.resolve("thesis.tex")));
    Path link = Files.createSymbolicLink(directory.resolve("link"), overlay("real"));
    assertThrows(InvalidSpecException.class, () -> lines.delete(link));
    Path text = Files.writeString(directory.resolve("notes.txt"), "mine");
    assertThrows(InvalidSpecException.class, () -> lines.delete(text));
    assertEquals("mine", Files.readString(text));
    assertThrows(UnsupportedException.class, () -> lines.snapshot(text, ""));
  }

  @Test
  void whatAKilledProcessWasMakingIsInNobodysWay() throws IOException {
    String id = ".1b4e28ba-2fa1-11d2-883f-0016d3cca427";
    Files.createDirectory(mine.resolve(".upper" + id));
    Files.writeString(mine.resolve(".line.json" + id), "{");
    lines.snapshot(mine, "");
    assertFalse(Files.exists(mine.resolve(".upper" + id)));
    assertFalse(Files.exists(mine.resolve(".line.json" + id)));
    Files.createDirectory(mine.resolve(".upper" + id));
    Path kept = Files.writeString(mine.resolve(".notes" + id), "mine");
    assertThrows(InvalidSpecException.class, () -> lines.delete(mine));
    Files.delete(kept);
    lines.delete(mine);
    assertFalse(Files.exists(mine));
  }

  /** Killed before, or after, the overlay was put on what it was to become. */
  @Test
  void aSnapshotThatWasCutOffGoesWhenNobodyNeedsIt() throws IOException {
    Snapshot one = lines.snapshot(mine, "one");
    Path cut = announce("000000000001");
    lines.rollback(mine, Optional.of(one.id()), true);
    assertFalse(Files.exists(cut));

    Path told = announce("000000000002");
    LineFile.write(Line.of(mine).on("000000000002"));
    Path fork = directory.resolve("fork");
    lines.fork(mine, Optional.of(one.id()), fork);
    lines.delete(fork);
    assertTrue(Files.exists(told), "the overlay still lies on it");
    lines.rollback(mine, Optional.of(one.id()), true);
    assertFalse(Files.exists(told));
    assertEquals(List.of(one.id()), lines.log(mine).stream().map(Snapshot::id).toList());
  }

  private Path announce(String id) {
    Line line = Line.of(mine);
    LayerStore store = line.store();
    Path at = store.directory().resolve(id);
    Optional<String> below = line.below();
    store.add(
        new Frozen(at, id, below, below, Optional.empty(), Instant.now(), ""),
        file -> {
          try {
            return Files.createDirectory(file.partial());
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    Set<String> tips = new HashSet<>(store.tips(line));
    tips.add(id);
    store.remember(line, tips);
    return at;
  }

  @Test
  void believesNoFileThatNamesOtherDirectories() throws IOException {
    write(mine, "one");
    Snapshot one = lines.snapshot(mine, "");
    Path file = mine.resolve("line.json");
    String good = Files.readString(file);
    for (String bad :
        List.of(
            good.replace(".mine.layers", "../../etc"),
            good.replace(one.id(), "../secret"),
            good.replace(one.id(), "0123456789ab"),
            good.replace("\"id\"", "\"idea\""),
            good.replace("\"1\"", "\"2\""),
            good.replace("\"1\"", "1"),
            good + good,
            "[]",
            "")) {
      Files.writeString(file, bad);
      assertThrows(CorruptOverlayException.class, () -> seen(mine), bad);
    }
    Files.writeString(file, good);
    assertEquals(List.of("one"), seen(mine));
    Path layer = directory.resolve(".mine.layers").resolve(one.id());
    Path away = Files.move(layer, directory.resolve("away"));
    Files.createSymbolicLink(layer, away);
    assertThrows(CorruptOverlayException.class, () -> seen(mine));
  }

  @Test
  void endsWhereLayersLieOnOneAnotherInACircle() throws IOException {
    write(mine, "one");
    Snapshot one = lines.snapshot(mine, "");
    Path file = directory.resolve(".mine.layers").resolve(one.id()).resolve("layer.json");
    Files.writeString(
        file, Files.readString(file).replace("{", "{ \"below\" : \"" + one.id() + "\","));
    assertThrows(CorruptOverlayException.class, () -> seen(mine));
  }

  @Test
  void refusesMoreLayersThanTheToolsTake() {
    for (int i = 0; i < 40; i++) {
      lines.snapshot(mine, "");
    }
    UnsupportedException refused =
        assertThrows(UnsupportedException.class, () -> lines.snapshot(mine, ""));
    assertTrue(refused.getMessage().contains("flatten"), refused.getMessage());
  }
}
