package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlayHolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who uses an overlay without a lock of the kernel: on a file system that has none, and as a
 * container that reads and outlives the process that started it. There is a file for each in a
 * directory beside the file of the lock, {@code writer} or {@code reader-ID}, and no directory
 * where there are none. Whoever comes makes its own first and looks for others then, so that of two
 * at once one sees the other. A lease ends with its file; the file of another is taken away only
 * where its owner is surely dead.
 *
 * @param overlay what they are for
 */
record Leases(Path overlay, Path directory) {
  private static final Logger LOG = LoggerFactory.getLogger(Leases.class);

  /** What the directory is called in a directory overlay. */
  static final String NAME = "overlay.leases";

  private static final String WRITER = "writer";
  private static final String READER = "reader-";
  private static final int LONGEST = 1 << 14;

  /** What a lease says, and when its file was touched last. */
  private record Found(Path file, Optional<Holder> holder) {
    /** Also where it cannot be read. */
    boolean mayLive() {
      return holder.map(Holder::mayLive).orElse(true);
    }

    OverlayHolder told() {
      return holder
          .map(known -> known.told(Leases.touched(file)))
          .orElseGet(() -> OverlayHolder.inWords("whoever made " + file));
    }
  }

  /** Of the overlay that is locked with this file. */
  static Leases beside(Path overlay, Path lock) {
    String name = lock.getFileName().toString();
    return new Leases(
        overlay,
        lock.resolveSibling(name.substring(0, name.length() - OverlayLock.NAME.length()) + NAME));
  }

  /**
   * Makes a lease.
   *
   * @return its file
   * @throws OverlayBusyException where another one excludes it
   */
  Path take(Holder holder, boolean writes) throws IOException {
    make();
    Path file = directory.resolve(writes ? WRITER : READER + UUID.randomUUID());
    Path partial = write(holder);
    try {
      link(partial, file);
    } finally {
      Files.delete(partial);
    }
    boolean kept = false;
    try {
      require(writes, file);
      kept = true;
    } finally {
      if (!kept) {
        end(file);
      }
    }
    Heartbeat.begin(file);
    return file;
  }

  private void make() throws IOException {
    try {
      Files.createDirectory(directory);
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
        throw e;
      }
    }
  }

  private Path write(Holder holder) throws IOException {
    Path partial = directory.resolve("." + UUID.randomUUID());
    return Files.writeString(
        partial, holder.text(), UTF_8, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /** Exclusive on every file system, unlike a move. */
  private void link(Path partial, Path file) throws IOException {
    while (true) {
      try {
        Files.createLink(file, partial);
        return;
      } catch (FileAlreadyExistsException e) {
        Optional<Found> other = read(file);
        if (other.isPresent()) {
          takeAway(other.get());
        }
      }
    }
  }

  /**
   * Looks for those that exclude it, and takes away those of the dead.
   *
   * @throws OverlayBusyException where there are any
   */
  void require(boolean writes) throws IOException {
    require(writes, directory);
  }

  private void require(boolean writes, Path own) throws IOException {
    for (Found other : all()) {
      boolean excludes = writes || isWriter(other);
      if (excludes && !other.file().equals(own)) {
        takeAway(other);
      }
    }
  }

  private static boolean isWriter(Found lease) {
    return lease.file().endsWith(WRITER);
  }

  private void takeAway(Found other) throws IOException {
    if (other.mayLive()) {
      throw new OverlayBusyException(overlay, other.told());
    }
    Path aside = directory.resolve("." + UUID.randomUUID());
    try {
      Files.move(other.file(), aside, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      return;
    }
    // somebody else may have done so before, and made one of its own
    Optional<Found> moved = read(aside);
    if (moved.isPresent() && !moved.get().holder().equals(other.holder())) {
      Files.createLink(other.file(), aside);
    }
    Files.delete(aside);
  }

  private List<Found> all() throws IOException {
    List<Found> all = new ArrayList<>();
    if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      return all;
    }
    try {
      for (Path file : Listings.of(directory)) {
        String name = file.getFileName().toString();
        if (name.equals(WRITER) || name.startsWith(READER)) {
          read(file).ifPresent(all::add);
        }
      }
    } catch (NoSuchFileException e) {
      LOG.debug("the last lease has ended", e);
    }
    return all;
  }

  private static Optional<Found> read(Path file) throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return Files.exists(file, LinkOption.NOFOLLOW_LINKS)
          ? Optional.of(new Found(file, Optional.empty()))
          : Optional.empty();
    }
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.of(new Found(file, Holder.parse(new String(in.readNBytes(LONGEST), UTF_8))));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private static Optional<Instant> touched(Path file) {
    try {
      return Optional.of(Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toInstant());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Makes a lease that of another holder. */
  void pass(Path lease, Holder holder) throws IOException {
    Heartbeat.end(lease);
    Files.move(write(holder), lease, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Who writes by a lease. */
  Optional<OverlayHolder> writer() {
    try {
      return read(directory.resolve(WRITER)).filter(Found::mayLive).map(Found::told);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Ends those of a session that has been ended. */
  void forget(String entry) throws IOException {
    for (Found lease : all()) {
      if (lease.holder().filter(holder -> holder.entry().equals(entry)).isPresent()) {
        end(lease.file());
      }
    }
  }

  /**
   * Ends those of whom nothing is known.
   *
   * @throws OverlayBusyException where one of them is of a process that lives
   */
  List<OverlayHolder> breakAll() throws IOException {
    List<OverlayHolder> broken = new ArrayList<>();
    for (Found lease : all()) {
      if (lease.holder().filter(Holder::lives).isPresent()) {
        throw new OverlayBusyException(overlay, lease.told());
      }
      broken.add(lease.told());
      end(lease.file());
    }
    return broken;
  }

  /** Ends a lease; the last one takes the directory away. */
  void end(Path lease) {
    Heartbeat.end(lease);
    try {
      Files.deleteIfExists(lease);
      Files.deleteIfExists(directory);
    } catch (IOException e) {
      // another lease is there; or the overlay has been deleted
      LOG.debug("the directory of leases stays", e);
    }
  }
}
