package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.overlaysdk.Access;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to write to an overlay, which one session has at a time: a lock of the file system on a
 * file beside the overlay, and in that file who holds it. The lock tells of processes on other
 * hosts too where the file system does; the record tells of containers that outlive the process
 * that started them, and whom to name. A directory overlay has it inside ({@code overlay.lock}), an
 * image beside it.
 */
final class OverlayLock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OverlayLock.class);

  /** What the file is called in a directory overlay. */
  static final String NAME = "overlay.lock";

  private static final int LONGEST_RECORD = 1 << 14;

  /**
   * What this JVM has locked. The end of any channel on a file drops all of its POSIX locks, so
   * there must never be a second one.
   */
  private static final Map<Path, Holder> OURS = new ConcurrentHashMap<>();

  private final Path file;
  private final FileChannel channel;
  private final String user;
  private final Optional<Holder> stale;

  private OverlayLock(Path file, FileChannel channel, String user, Optional<Holder> stale) {
    this.file = file;
    this.channel = channel;
    this.user = user;
    this.stale = stale;
  }

  /**
   * Takes the right to write.
   *
   * @param entry the record in the journal of what it is for; empty where there is none
   * @throws OverlayBusyException where somebody else has it
   */
  static OverlayLock take(OverlayFacts facts, Host host, String entry) {
    Path overlay = facts.path();
    Holder holder = Holder.self(host.identity().user(), entry);
    Path file = file(overlay, facts.kind() == OverlayFacts.Kind.DIRECTORY);
    if (OURS.putIfAbsent(file, holder) != null) {
      throw new OverlayBusyException(overlay, "another session of this process");
    }
    FileChannel channel = null;
    boolean taken = false;
    try {
      channel = FileChannel.open(file, CREATE, READ, WRITE, LinkOption.NOFOLLOW_LINKS);
      Optional<Boolean> free = lock(channel);
      Optional<Holder> before = Holder.parse(read(channel));
      // who had the lock of a file system that has some, and has it no more, is dead
      boolean doubtful = free.isEmpty() || before.filter(Holder::stays).isPresent();
      if (free.equals(Optional.of(false))
          || doubtful && before.filter(Holder::mayLive).isPresent()) {
        throw new OverlayBusyException(
            overlay, before.map(Holder::toString).orElse("another process"));
      }
      OverlayLock lock = new OverlayLock(file, channel, holder.user(), before);
      lock.write(holder.text());
      taken = true;
      return lock;
    } catch (IOException e) {
      throw new OverlayException(
          "cannot lock the overlay " + overlay + " with " + file + ": " + e, e);
    } finally {
      if (!taken) {
        close(channel);
        OURS.remove(file);
      }
    }
  }

  /**
   * Refuses an overlay that somebody writes to, without taking the right. Asked before it is read,
   * because an image that a kernel has mounted looks damaged.
   *
   * @throws OverlayBusyException where somebody has it
   */
  static void requireFree(Found found) {
    OverlayFacts.Kind kind =
        found.directory() ? OverlayFacts.Kind.DIRECTORY : OverlayFacts.Kind.EXT3;
    holder(new OverlayFacts(kind, found.path(), Access.READ_WRITE))
        .ifPresent(
            holder -> {
              throw new OverlayBusyException(found.path(), holder);
            });
  }

  /** Who has the right to write now: the record's word, or the tool's own lock on an image. */
  static Optional<String> holder(OverlayFacts overlay) {
    boolean directory = overlay.kind() == OverlayFacts.Kind.DIRECTORY;
    Optional<String> tool =
        directory ? Optional.empty() : LockHolder.of(overlay.path(), Path.of("/proc"));
    return record(file(overlay.path(), directory)).map(Holder::toString).or(() -> tool);
  }

  /** When somebody last began or ended to write to it: then the file of the lock is written. */
  static Optional<Instant> lastUsed(OverlayFacts overlay) {
    Path file = file(overlay.path(), overlay.kind() == OverlayFacts.Kind.DIRECTORY);
    try {
      return Optional.of(Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Optional<Holder> record(Path file) {
    Holder ours = OURS.get(file);
    if (ours != null) {
      // to read the file would drop the lock
      return Optional.of(ours);
    }
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      return Holder.parse(new String(in.readNBytes(LONGEST_RECORD), UTF_8)).filter(Holder::mayLive);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Path file(Path overlay, boolean directory) {
    Path real;
    try {
      real = overlay.toRealPath();
    } catch (IOException e) {
      real = overlay.toAbsolutePath().normalize();
    }
    return directory ? real.resolve(NAME) : real.resolveSibling(real.getFileName() + "." + NAME);
  }

  /** Whether nobody else has the lock; empty where the file system has none. */
  private static Optional<Boolean> lock(FileChannel channel) {
    try {
      FileLock lock = channel.tryLock();
      return Optional.of(lock != null);
    } catch (IOException e) {
      // ENOLCK, on a network file system: what the record says is all that is known
      LOG.warn("the file system of an overlay has no locks: {}", e.toString());
      return Optional.empty();
    }
  }

  private static String read(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(LONGEST_RECORD);
    while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) >= 0) {
      continue;
    }
    return new String(bytes.array(), 0, bytes.position(), UTF_8);
  }

  private void write(String record) throws IOException {
    channel.truncate(0);
    channel.write(ByteBuffer.wrap(record.getBytes(UTF_8)), 0);
  }

  /** Who had it before and died with it: what it was doing may have left something. */
  Optional<Holder> stale() {
    return stale;
  }

  /** Leaves it to a container that outlives this process. */
  void handOver(long pid, Journal.Entry entry) {
    try {
      write(Holder.container(pid, user, entry).text());
      channel.force(false);
    } catch (IOException e) {
      throw new OverlayException("cannot write " + file + ": " + e, e);
    }
    close(channel);
    OURS.remove(file);
  }

  /** Gives the right to an overlay back that is deleted, with what tells of it. */
  void closeForGood() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.warn("the lock of a deleted overlay stays: {}", e.toString());
    }
    close();
  }

  /** Gives the right back. Does nothing after it was handed over. */
  @Override
  public void close() {
    if (!channel.isOpen()) {
      return;
    }
    try {
      // the overlay may have been deleted meanwhile, or moved, and a new one is at its place
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        write("");
      }
    } catch (IOException e) {
      LOG.warn("the record of the overlay's holder stays, and will be found to be dead", e);
    }
    close(channel);
    OURS.remove(file);
  }

  private static void close(@Nullable FileChannel channel) {
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      LOG.debug("the channel of a lock", e);
    }
  }
}
