package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.Mockito.mock;

import io.overlaysdk.Access;
import io.overlaysdk.CancelledException;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlayHolder;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.OverlayFacts.Kind;
import io.overlaysdk.testkit.FakeHost;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class OverlayLockTest {
  private static final Path PROC = Path.of("/proc");
  private static final OptionalLong SELF = OptionalLong.of(ProcessHandle.current().pid());

  @TempDir Path dir;
  private Host host;
  private Path directory;
  private Path image;

  @BeforeEach
  void makeOverlays() throws IOException {
    int uid = (int) Files.getAttribute(dir, "unix:uid");
    host = FakeHost.linux().identity(user(uid));
    directory = Files.createDirectory(dir.resolve("mine"));
    Files.createDirectory(directory.resolve("upper"));
    Files.createDirectory(directory.resolve("work"));
    image = Files.write(dir.resolve("mine.img"), SifBytes.ext3());
  }

  @Test
  void anyNumberReadsAndNobodyWritesMeanwhile() {
    for (Path overlay : List.of(directory, image)) {
      OverlayLock one = read(overlay);
      OverlayLock two = read(overlay);
      assertBusy(overlay, true);
      one.close();
      one.close();
      assertBusy(overlay, true);
      two.close();
      write(overlay).close();
    }
  }

  @Test
  void oneWritesAndNobodyReadsMeanwhile() {
    for (Path overlay : List.of(directory, image)) {
      OverlayLock lock = write(overlay);
      OverlayBusyException e = assertBusy(overlay, false);
      assertEquals("another session of this process", e.holder());
      assertEquals(SELF, e.details().orElseThrow().process());
      assertBusy(overlay, true);
      lock.close();
      read(overlay).close();
    }
  }

  @Test
  void readersOfAnotherProcessKeepWritersOutAndAreNamed() throws Exception {
    read(directory).close();
    for (Path locked : List.of(directory.resolve("overlay.lock"), image)) {
      Path overlay = locked.equals(image) ? image : directory;
      try (LockingProcess other = LockingProcess.start(locked, true)) {
        OverlayHolder holder = assertBusy(overlay, true).details().orElseThrow();
        assertEquals(OptionalLong.of(other.pid()), holder.process());
        assertEquals(Optional.of(Journal.hostName()), holder.host());
        assertEquals(Optional.of(true), holder.alive());
        read(overlay).close();
      }
      write(overlay).close();
    }
  }

  @Test
  void theWriterOfAnotherProcessKeepsReadersOut() throws Exception {
    read(directory).close();
    for (Path locked : List.of(directory.resolve("overlay.lock"), image)) {
      Path overlay = locked.equals(image) ? image : directory;
      try (LockingProcess other = LockingProcess.start(locked, false)) {
        assertEquals(
            OptionalLong.of(other.pid()), assertBusy(overlay, false).details().get().process());
      }
      read(overlay).close();
    }
  }

  @Test
  void doesNotTakeTheRecordOfADeadWriterForTheReaderThatKeepsItOut() throws Exception {
    Path file = directory.resolve("overlay.lock");
    // of a host that nothing is known of, so that it may live
    Files.writeString(file, holder("elsewhere", false).text());
    try (LockingProcess other = LockingProcess.start(file, true)) {
      OverlayHolder holder = assertBusy(directory, true).details().orElseThrow();
      assertEquals(OptionalLong.of(other.pid()), holder.process());
    }
  }

  @Test
  void tellsAllThatTheWriterHasWrittenDown() throws Exception {
    Path file = directory.resolve("overlay.lock");
    Files.writeString(file, holder("elsewhere", false).text());
    try (LockingProcess other = LockingProcess.start(file, false)) {
      assertTrue(other.pid() > 0);
      OverlayBusyException e = assertBusy(directory, false);
      assertEquals(
          new OverlayHolder(
              "make",
              SELF,
              Optional.of("jane"),
              Optional.of("elsewhere"),
              Optional.of(Instant.parse("2026-01-02T03:04:05Z")),
              Optional.empty(),
              Optional.empty()),
          e.details().orElseThrow());
      assertEquals(
          "make (process "
              + SELF.getAsLong()
              + " of jane on elsewhere, since 2026-01-02T03:04:05Z)",
          e.holder());
    }
  }

  @Test
  void aContainerThatStaysKeepsReadersOutWithoutALock() throws Exception {
    for (Path overlay : List.of(directory, image)) {
      Path file = file(overlay);
      Files.writeString(file, holder(Journal.hostName(), true).text());
      assertEquals(Optional.of(true), assertBusy(overlay, false).details().orElseThrow().alive());
      Files.writeString(file, holder(Journal.hostName(), false).text());
      read(overlay).close();
    }
  }

  /** A closed descriptor would have dropped the lock. */
  @Test
  void looksIntoAnImageWithoutLosingItsLock() {
    OverlayLock lock = write(image);
    InfoReader.read(image);
    InfoReader.read(image);
    Thread.currentThread().interrupt();
    assertThrows(CancelledException.class, () -> InfoReader.read(image));
    assertTrue(Thread.interrupted());
    assertBusy(image, false);
    assertEquals(SELF, LockHolder.writing(image, PROC).orElseThrow().process());
    assertEquals(SELF, LockHolder.writing(file(image), PROC).orElseThrow().process());
    lock.close();
    assertEquals(Optional.empty(), LockHolder.of(image, PROC));
    assertEquals(Optional.empty(), LockHolder.of(file(image), PROC));
  }

  @Test
  void bringsAnImageOntoTheDiskWithoutLosingItsLock() {
    OverlayLock lock = write(image);
    new Flush(host, mock(Launcher.class)).overlay(image);
    assertEquals(SELF, LockHolder.writing(image, PROC).orElseThrow().process());
    lock.close();
  }

  /**
   * What is the overlay of one session may be the base of another, which is asked for its digest.
   */
  @Test
  void readsAnImageToItsEndWithoutLosingItsLock() {
    String digest = Digests.sha256(image);
    OverlayLock lock = write(image);
    assertEquals(digest, Digests.ofImage(image));
    assertEquals(SELF, LockHolder.writing(image, PROC).orElseThrow().process());
    lock.close();
  }

  @Test
  @Timeout(20)
  void findsAnOverlayThatWasRenamedWhileItIsRead() throws Exception {
    OverlayLock first = read(directory);
    Path renamed = directory.resolveSibling("renamed");
    Files.move(directory, renamed);
    OverlayLock second = read(renamed);
    assertBusy(renamed, true);
    first.close();
    assertBusy(renamed, true);
    second.close();
    write(renamed).close();
  }

  /** Whoever closes a session because it was interrupted still is. */
  @Test
  void anInterruptLosesNeitherTheLockNorTheRecord() throws Exception {
    Thread.currentThread().interrupt();
    OverlayLock lock = write(image);
    assertTrue(Thread.interrupted());
    assertEquals(SELF, LockHolder.writing(file(image), PROC).orElseThrow().process());
    Thread.currentThread().interrupt();
    lock.close();
    assertTrue(Thread.interrupted());
    assertEquals("", Files.readString(file(image)));
  }

  @Test
  void leavesAnImageToAToolThatLocksItItself() throws Exception {
    OverlayLock lock = write(image);
    lock.settle(true);
    LockingProcess.start(image, false).close();
    assertBusy(image, false);
    lock.close();
  }

  @Test
  void holdsTheImageThatHasTakenThePlaceOfTheFirst() throws IOException {
    OverlayLock lock = write(image);
    Path other = Files.write(dir.resolve("other"), SifBytes.ext3());
    Files.move(other, image, StandardCopyOption.REPLACE_EXISTING);
    lock.settle(false);
    assertEquals(SELF, LockHolder.writing(image, PROC).orElseThrow().process());
    lock.close();
  }

  @Test
  void makesNothingBesideWhatIsOnlyRead() throws IOException {
    read(image).close();
    assertFalse(Files.exists(file(image)));
    Path layer = Files.createDirectory(dir.resolve("layer"));
    OverlayLock.read(new OverlayFacts(Kind.LAYER, layer, Access.READ_ONLY), locking()).close();
    assertEquals(0, layer.toFile().list().length);
    Path frozen = Files.createDirectories(dir.resolve(".mine.layers/0123456789ab/upper"));
    read(frozen.getParent()).close();
    assertEquals(1, frozen.getParent().toFile().list().length);
  }

  @Test
  void locksTheOverlayWhoseUpperIsReadAsALayer() {
    OverlayLock lock =
        OverlayLock.read(
            new OverlayFacts(Kind.LAYER, directory.resolve("upper"), Access.READ_ONLY), locking());
    assertBusy(directory, true);
    lock.close();
  }

  @Test
  void readsWhatBelongsToAnotherUserAndHasNoLock() throws IOException {
    host = FakeHost.linux().identity(user(4711));
    read(directory).close();
    assertFalse(Files.exists(file(directory)));
    host = FakeHost.linux().identity(user(0));
    read(directory).close();
    assertEquals(
        Files.getAttribute(directory, "unix:uid"), Files.getAttribute(file(directory), "unix:uid"));
  }

  @Test
  void onlyWritingIsUse() {
    OverlayFacts facts = facts(directory, Access.READ_ONLY);
    read(directory).close();
    assertEquals(Optional.empty(), OverlayLock.lastUsed(facts));
    write(directory).close();
    assertTrue(OverlayLock.lastUsed(facts).isPresent());
    assertEquals(Optional.empty(), OverlayLock.holder(facts));
  }

  private Locking locking() {
    return new Locking(host, Optional.empty());
  }

  private static Identity user(int uid) {
    return new Identity(uid, uid, "jane", Path.of("/home/jane"), uid == 0, Optional.empty());
  }

  private static Holder holder(String host, boolean stays) throws IOException {
    return new Holder(
        host,
        Journal.machine(),
        Journal.bootId(),
        Journal.pidNamespace(),
        Journal.ProcessKey.of(SELF.getAsLong()),
        "jane",
        "make",
        Instant.parse("2026-01-02T03:04:05Z"),
        "",
        stays);
  }

  private static Path file(Path overlay) {
    return Files.isDirectory(overlay)
        ? overlay.resolve("overlay.lock")
        : overlay.resolveSibling(overlay.getFileName() + ".overlay.lock");
  }

  private OverlayBusyException assertBusy(Path overlay, boolean writes) {
    OverlayBusyException e =
        assertThrows(
            OverlayBusyException.class, () -> (writes ? write(overlay) : read(overlay)).close());
    assertEquals(overlay, e.overlay());
    return e;
  }

  private OverlayLock read(Path overlay) {
    return OverlayLock.read(facts(overlay, Access.READ_ONLY), locking());
  }

  private OverlayLock write(Path overlay) {
    return OverlayLock.take(facts(overlay, Access.READ_WRITE), locking(), "");
  }

  private static OverlayFacts facts(Path overlay, Access access) {
    return new OverlayFacts(
        Files.isDirectory(overlay) ? Kind.DIRECTORY : Kind.EXT3, overlay, access);
  }
}
