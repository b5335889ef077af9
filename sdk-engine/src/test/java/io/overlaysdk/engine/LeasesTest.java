package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Access;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlayHolder;
import io.overlaysdk.Policy;
import io.overlaysdk.PolicyException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.OverlayFacts.Kind;
import io.overlaysdk.testkit.FakeHost;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Overlays on a file system without locks, and readers that stay. */
class LeasesTest {
  private static final Host HOST = FakeHost.linux();
  private static final Optional<Policy> DEMAND =
      Optional.of(Policy.builder().requireLocks().build());
  private static final OpenFile.Kernel KERNEL = OpenFile.kernel;

  @TempDir Path dir;
  private Path overlay;
  private Path leases;
  private Process other;

  @BeforeEach
  void makeAnOverlay() throws IOException {
    overlay = Files.createDirectory(dir.resolve("mine"));
    leases = overlay.resolve("overlay.leases");
    Files.createDirectory(overlay.resolve("upper"));
    Files.createDirectory(overlay.resolve("work"));
    OverlayLock.makeIn(overlay);
    other = new ProcessBuilder("sleep", "60").start();
    OpenFile.kernel =
        (channel, shares) -> {
          throw new IOException("No locks available");
        };
  }

  @AfterEach
  void endTheOther() throws InterruptedException {
    OpenFile.kernel = KERNEL;
    end(other);
  }

  @Test
  void keepOneWriterOrAnyNumberOfReaders() {
    OverlayLock one = read();
    OverlayLock two = read();
    assertEquals(2, names().size());
    one.close();
    assertEquals(1, names().size());
    assertThrows(OverlayBusyException.class, this::write);
    two.close();
    assertFalse(Files.exists(leases));
    OverlayLock writer = write();
    assertEquals(List.of("writer"), names());
    assertThrows(OverlayBusyException.class, this::read);
    writer.close();
    assertFalse(Files.exists(leases));
  }

  @Test
  void keepReadersOfAnImageAndItsWriterApart() throws IOException {
    Path image = Files.write(dir.resolve("mine.img"), SifBytes.ext3());
    Path beside = dir.resolve("mine.img.overlay.leases");
    Locking locking = new Locking(HOST, Optional.empty());
    OverlayFacts reading = new OverlayFacts(Kind.EXT3, image, Access.READ_ONLY);
    OverlayLock reader = OverlayLock.read(reading, locking);
    assertEquals(1, beside.toFile().list().length);
    reader.close();
    assertFalse(Files.exists(beside));
    OverlayFacts writing = new OverlayFacts(Kind.EXT3, image, Access.READ_WRITE);
    OverlayLock writer = OverlayLock.take(writing, locking, "");
    assertEquals(List.of("writer"), List.of(beside.toFile().list()));
    writer.close();
    assertFalse(Files.exists(beside));
  }

  @Test
  void ofAnotherProcessCountAsLongAsItLives() throws Exception {
    for (String name : List.of("writer", "reader-1")) {
      Path lease = lease(name, Journal.hostName(), "");
      OverlayHolder holder =
          assertThrows(OverlayBusyException.class, this::write).details().orElseThrow();
      assertEquals(OptionalLong.of(other.pid()), holder.process());
      assertEquals(Optional.of(true), holder.alive());
      assertTrue(holder.seen().isPresent());
      assertEquals(List.of(name), names());
      assertEquals(name.equals("writer"), holder(OverlayLock.holder(facts(Access.READ_ONLY))));
      if (name.equals("writer")) {
        assertThrows(OverlayBusyException.class, this::read);
      } else {
        read().close();
      }
      // of the same process before the machine was started again
      Files.writeString(lease, Files.readString(lease).replaceFirst("boot .*", "boot before"));
      write().close();
      assertFalse(Files.exists(leases));
    }
    lease("writer", Journal.hostName(), "");
    lease("reader-1", Journal.hostName(), "");
    end(other);
    write().close();
    assertFalse(Files.exists(leases));
  }

  /** A container of this host, in which the numbers of processes are others. */
  @Test
  void ofAnotherPidNamespaceAreNotTakenForDead() throws Exception {
    Path lease = lease("writer", Journal.hostName(), "");
    end(other);
    Files.writeString(lease, Files.readString(lease).replaceFirst("pids .*", "pids pid:[1]"));

    OverlayHolder holder =
        assertThrows(OverlayBusyException.class, this::write).details().orElseThrow();

    assertEquals(Optional.empty(), holder.alive());
  }

  /** Which started at another time, and has other processes. */
  @Test
  void ofAnotherHostOfTheSameNameAreNotTakenForDead() throws Exception {
    Path lease = lease("writer", Journal.hostName(), "");
    end(other);
    String text =
        Files.readString(lease)
            .replaceFirst("boot .*", "boot its own")
            .replaceFirst("machine .*", "machine another");
    Files.writeString(lease, text);

    OverlayHolder holder =
        assertThrows(OverlayBusyException.class, this::write).details().orElseThrow();
    assertEquals(Optional.empty(), holder.alive());

    // as before there was such a line: a host is its name
    Files.writeString(lease, text.replaceFirst("machine .*\n", ""));
    write().close();
  }

  @Test
  void ofAnotherHostAreNeverBrokenByTime() throws Exception {
    Path lease = lease("writer", "elsewhere", "");
    Files.setLastModifiedTime(lease, FileTime.from(Instant.EPOCH));
    OverlayBusyException e = assertThrows(OverlayBusyException.class, this::write);
    assertTrue(e.holder().endsWith("last seen 1970-01-01T00:00:00Z)"), e::holder);
    assertEquals(Optional.empty(), e.details().orElseThrow().alive());
    assertThrows(OverlayBusyException.class, this::read);

    assertEquals(List.of(e.details().get()), OverlayLock.breakLeases(overlay));
    assertEquals(List.of(), OverlayLock.breakLeases(overlay));
    write().close();
  }

  @Test
  void ofWhoLivesAreNotBrokenByHandEither() throws Exception {
    lease("reader-1", Journal.hostName(), "");
    assertThrows(OverlayBusyException.class, () -> OverlayLock.breakLeases(overlay));
    OpenFile.kernel = KERNEL;
    Files.delete(leases.resolve("reader-1"));
    OverlayLock writer = write();
    assertThrows(OverlayBusyException.class, () -> OverlayLock.breakLeases(overlay));
    writer.close();
  }

  @Test
  void thatCannotBeReadCountUntilTheyAreBroken() throws Exception {
    Files.createDirectory(leases);
    Files.writeString(leases.resolve("reader-1"), "");
    OverlayBusyException e = assertThrows(OverlayBusyException.class, this::write);
    assertEquals("whoever made " + leases.resolve("reader-1"), e.holder());
    read().close();
    assertEquals(1, OverlayLock.breakLeases(overlay).size());
    write().close();
  }

  @Test
  void areNoneWhereAPolicyDemandsLocks() {
    Locking required = new Locking(HOST, DEMAND);
    PolicyException e =
        assertThrows(
            PolicyException.class, () -> OverlayLock.take(facts(Access.READ_WRITE), required, ""));
    assertTrue(e.getMessage().contains("without locks"), e::getMessage);
    assertThrows(PolicyException.class, () -> OverlayLock.read(facts(Access.READ_ONLY), required));
    assertFalse(Files.exists(leases));
    OpenFile.kernel = KERNEL;
    OverlayLock.take(facts(Access.READ_WRITE), required, "").close();
  }

  @Test
  void areTakenBesideLocksThatNoOtherHostIsAskedFor() throws IOException {
    OpenFile.kernel =
        new OpenFile.Kernel() {
          @Override
          public FileLock tryLock(FileChannel channel, boolean shares) throws IOException {
            return KERNEL.tryLock(channel, shares);
          }

          @Override
          public boolean asksOthers(Path file) {
            return false;
          }
        };
    Path lease = leases.resolve("writer");
    OverlayLock lock = write();
    assertTrue(Files.exists(lease));
    lock.close();
    assertFalse(Files.exists(lease));
    assertThrows(
        PolicyException.class,
        () -> OverlayLock.take(facts(Access.READ_WRITE), new Locking(HOST, DEMAND), ""));
  }

  @Test
  void ofAReaderThatStaysEndWithItsSession() throws Exception {
    for (OpenFile.Kernel kernel : List.of(KERNEL, OpenFile.kernel)) {
      OpenFile.kernel = kernel;
      Journal.Entry entry = new Journal(dir.resolve("state")).begin("a session");
      entry.write("name", "kept");
      read().handOver(other.pid(), entry);
      OverlayBusyException e = assertThrows(OverlayBusyException.class, this::write);
      assertTrue(e.holder().contains("the session kept"), e::holder);
      read().close();
      OverlayLock.forget(overlay, "another");
      assertThrows(OverlayBusyException.class, this::write);
      OverlayLock.forget(overlay, entry.toString());
      write().close();
    }
  }

  @Test
  void ofAWriterThatStaysEndWithItsSession() throws Exception {
    for (OpenFile.Kernel kernel : List.of(KERNEL, OpenFile.kernel)) {
      OpenFile.kernel = kernel;
      Journal.Entry entry = new Journal(dir.resolve("state")).begin("a session");
      write().handOver(other.pid(), entry);
      assertThrows(OverlayBusyException.class, this::write);
      assertThrows(OverlayBusyException.class, this::read);
      OverlayLock.forget(overlay, entry.toString());
      assertEquals("", Files.readString(overlay.resolve("overlay.lock")));
      write().close();
    }
  }

  @Test
  void areTouchedAsLongAsTheyLast() throws IOException {
    OverlayLock lock = write();
    Path lease = leases.resolve("writer");
    Files.setLastModifiedTime(lease, FileTime.from(Instant.EPOCH));
    assertTrue(Heartbeat.beat());
    assertTrue(
        Files.getLastModifiedTime(lease).toInstant().isAfter(Instant.now().minusSeconds(60)));
    lock.close();
  }

  private static boolean holder(Optional<String> words) {
    return words.isPresent();
  }

  private Path lease(String name, String host, String entry) throws IOException {
    Files.createDirectories(leases);
    Holder holder =
        new Holder(
            host,
            Journal.machine(),
            Journal.bootId(),
            Journal.pidNamespace(),
            Journal.ProcessKey.of(other.pid()),
            "jane",
            "make",
            Instant.parse("2026-01-02T03:04:05Z"),
            entry,
            false);
    return Files.writeString(leases.resolve(name), holder.text());
  }

  private List<String> names() {
    return List.of(leases.toFile().list());
  }

  private static void end(Process process) throws InterruptedException {
    process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
  }

  private OverlayLock read() {
    return OverlayLock.read(facts(Access.READ_ONLY), new Locking(HOST, Optional.empty()));
  }

  private OverlayLock write() {
    return OverlayLock.take(facts(Access.READ_WRITE), new Locking(HOST, Optional.empty()), "");
  }

  private OverlayFacts facts(Access access) {
    return new OverlayFacts(Kind.DIRECTORY, overlay, access);
  }
}
