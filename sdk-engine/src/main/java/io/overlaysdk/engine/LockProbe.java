package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.CancelledException;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayBusyException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks whether somebody else has an image file locked, by taking the lock that a tool would take
 * and giving it back at once. The tools' own locks (Apptainer 1.4: an open file description lock
 * over the file system's bytes) stand in the way of it.
 *
 * <p>As with {@link RawFile}, the end of the probe drops every POSIX lock that this JVM has on the
 * file.
 */
final class LockProbe {
  private static final Logger LOG = LoggerFactory.getLogger(LockProbe.class);

  private LockProbe() {}

  /**
   * @throws OverlayBusyException where it is locked in a way that excludes this access
   */
  static void check(Found found, Access access) {
    boolean shared = access == Access.READ_ONLY;
    Set<StandardOpenOption> options =
        shared
            ? Set.of(StandardOpenOption.READ)
            : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);
    try (FileChannel channel = FileChannel.open(found.path(), options)) {
      if (!isFree(channel, shared)) {
        throw new OverlayBusyException(
            found.path(), LockHolder.of(found.path(), Path.of("/proc")).orElse("another process"));
      }
    } catch (OverlappingFileLockException e) {
      throw new OverlayBusyException(found.path(), "another session of this process");
    } catch (ClosedByInterruptException e) {
      InterruptedException cause = new InterruptedException();
      cause.initCause(e);
      throw new CancelledException(
          "interrupted while the overlay " + found.path() + " was looked at", cause);
    } catch (IOException e) {
      throw new InvalidSpecException(
          "the overlay " + found.path() + " cannot be opened: " + e.getMessage(), e);
    }
  }

  /**
   * Takes the lock that a tool would take to write, and has it until the channel is closed.
   *
   * @throws OverlayBusyException where somebody has it
   */
  static FileChannel hold(Found found) throws IOException {
    check(found, Access.READ_WRITE);
    FileChannel channel =
        FileChannel.open(found.path(), StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      channel.tryLock();
    } catch (IOException e) {
      LOG.debug("a file system without locks", e);
    }
    return channel;
  }

  private static boolean isFree(FileChannel channel, boolean shared) throws IOException {
    try (FileLock lock = channel.tryLock(0, Long.MAX_VALUE, shared)) {
      return lock != null;
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      // ENOLCK: a network file system without locks; Apptainer 1.4 goes on there, and nobody can
      // know more
      return true;
    }
  }
}
