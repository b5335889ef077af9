package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that this JVM locks, or looks into while it may have it locked. There is one for each
 * file, however many use it, because the end of any descriptor drops all POSIX locks that the
 * process has on the file (fcntl(2)): nothing is closed before the last user has gone, and {@link
 * Descriptors} are shared with other copies of this class. Of two copies one has a lock at a time,
 * shared or not, because Java knows of locks in the whole JVM and shares none of its own.
 */
final class OpenFile implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OpenFile.class);

  /** By what identifies them on this machine: one file may be reached by several paths. */
  private static final ConcurrentMap<Object, OpenFile> OPEN = new ConcurrentHashMap<>();

  /** What came of asking for a lock. */
  enum Answer {
    TAKEN,
    /** Taken, as far as this JVM goes: the file system has no locks. */
    UNSUPPORTED,
    /** Somebody else in this JVM has it, in this copy of the engine or another one. */
    OURS,
    /** Another process has it. */
    THEIRS
  }

  /** How the kernel is asked. */
  interface Kernel {
    FileLock tryLock(FileChannel channel, boolean shares) throws IOException;

    /** Whether what it grants for a file keeps other hosts out too, where they see the file. */
    default boolean asksOthers(Path file) throws IOException {
      return MountTable.of(file.toRealPath(), MountTable.read())
          .filter(MountTable.Mount::locksOnlyHere)
          .isEmpty();
    }
  }

  /**
   * Another one only in tests: no file system that a plain user can mount here refuses locks, as
   * Lustre does, and NFS without its lock service.
   */
  static volatile Kernel kernel = (channel, shares) -> channel.tryLock(0, Long.MAX_VALUE, shares);

  /** Where it was found last: what it lies in may be renamed while it is open. */
  private volatile Path path;

  private final Object key;
  private final Descriptors descriptors;
  private int users;
  private @Nullable FileLock lock;
  private boolean asksOthers;
  private int holders;
  private boolean writes;
  private Optional<Holder> writer = Optional.empty();

  private OpenFile(Path path, Object key) {
    this.path = path;
    this.key = key;
    this.descriptors = new Descriptors(key);
  }

  /**
   * @param key as {@link #key} found it
   */
  static OpenFile of(Path path, Object key) {
    return OPEN.compute(
        key,
        (same, known) -> {
          OpenFile file = known == null ? new OpenFile(path, key) : known;
          file.path = path;
          file.users++;
          return file;
        });
  }

  /**
   * The file that is at a path now.
   *
   * @throws IOException where none is there, or no regular file
   */
  static OpenFile at(Path path) throws IOException {
    return of(path, key(path));
  }

  /**
   * What identifies the file at a path.
   *
   * @throws IOException where none is there, or no regular file
   */
  static Object key(Path path) throws IOException {
    BasicFileAttributes attributes =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isRegularFile()) {
      throw new IOException(path + " is no regular file");
    }
    return attributes.fileKey();
  }

  Path path() {
    return path;
  }

  /** Whether it still is what lies at its path. */
  boolean isInPlace() {
    try {
      return key(path).equals(key);
    } catch (IOException e) {
      return false;
    }
  }

  /** Locks all of it. What was taken is given back with {@link #unlock}. */
  synchronized Answer lock(boolean shares) throws IOException {
    if (holders > 0 && (writes || !shares)) {
      return Answer.OURS;
    }
    if (holders == 0) {
      FileChannel channel = channel(shares);
      try {
        asksOthers = kernel.asksOthers(path);
        lock = kernel.tryLock(channel, shares);
        if (lock == null) {
          return Answer.THEIRS;
        }
      } catch (OverlappingFileLockException e) {
        return Answer.OURS;
      } catch (IOException e) {
        // ENOLCK or ENOSYS, on a network file system
        LOG.debug("no lock of {}", path, e);
        lock = null;
      }
    }
    holders++;
    writes = !shares;
    return lock == null ? Answer.UNSUPPORTED : Answer.TAKEN;
  }

  private FileChannel channel(boolean shares) throws IOException {
    return shares ? descriptors.shared(path) : descriptors.exclusive(path);
  }

  synchronized void unlock() {
    holders--;
    if (holders > 0) {
      return;
    }
    writes = false;
    writer = Optional.empty();
    try {
      if (lock != null && lock.channel().isOpen()) {
        lock.release();
      }
    } catch (IOException e) {
      LOG.warn("a lock of {} is given back when the file is closed: {}", path, e.toString());
    }
    lock = null;
  }

  /** Whether all hosts know of the lock: not on a file system without locks. */
  synchronized boolean isKnown() {
    return lock != null && asksOthers;
  }

  /** How many in this JVM have it locked. */
  synchronized int holders() {
    return holders;
  }

  /** Who in this JVM writes to what it stands for. */
  synchronized Optional<Holder> writer() {
    return writer;
  }

  /** What is in it, of a small file. Asked by the first who has locked it, or by nobody else. */
  synchronized String text(int most) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(most);
    FileChannel channel = channel(!writes);
    Threads.uninterrupted(
        () -> {
          while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) >= 0) {
            continue;
          }
        });
    return new String(bytes.array(), 0, bytes.position(), UTF_8);
  }

  /** Writes down who has it locked alone. */
  synchronized void write(Holder holder) throws IOException {
    write(holder.text());
    writer = Optional.of(holder);
  }

  /** Nobody any more. */
  synchronized void clear() throws IOException {
    write("");
  }

  private void write(String text) throws IOException {
    FileChannel channel = channel(false);
    Threads.uninterrupted(
        () -> {
          channel.truncate(0);
          channel.write(ByteBuffer.wrap(text.getBytes(UTF_8)), 0);
        });
  }

  /** What was written is on disk when this returns. */
  synchronized void force() throws IOException {
    FileChannel channel = channel(false);
    Threads.uninterrupted(() -> channel.force(false));
  }

  /** Reads some bytes at a place; fewer, or -1, at the end. */
  int read(byte[] bytes, int at, long offset) throws IOException {
    RandomAccessFile file = descriptors.reader(path);
    synchronized (file) {
      file.seek(offset);
      return file.read(bytes, at, bytes.length - at);
    }
  }

  long size() throws IOException {
    return descriptors.reader(path).length();
  }

  /** Ends one use of it. */
  @Override
  public void close() {
    OPEN.compute(
        key,
        (same, file) -> {
          users--;
          if (users > 0) {
            return file;
          }
          descriptors.close();
          return null;
        });
  }
}
