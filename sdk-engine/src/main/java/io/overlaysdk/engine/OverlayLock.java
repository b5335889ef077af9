package io.overlaysdk.engine;

import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlayHolder;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to write to an overlay, which one has at a time, or to read it, which excludes only
 * that. It is a lock of the file system on a file beside the overlay, in which stands who writes.
 * The lock tells of processes on other hosts too where the file system does; the record tells of
 * containers that outlive the process that started them, and whom to name. A directory overlay has
 * it inside ({@code overlay.lock}), an image beside it; of an image the tool's own lock is held
 * too.
 */
final class OverlayLock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OverlayLock.class);

  /** What the file is called in a directory overlay. */
  static final String NAME = "overlay.lock";

  private static final Path PROC = Path.of("/proc");
  private static final String OURS = "another session of this process";
  private static final FileTime NEVER = FileTime.fromMillis(0);
  private static final int LONGEST_RECORD = 1 << 14;

  private final Path overlay;
  private final boolean writes;
  private final Locking locking;

  /** Where the file of the lock is, or would be. */
  private Optional<Path> place = Optional.empty();

  private Optional<OpenFile> file = Optional.empty();
  private Optional<OpenFile> image = Optional.empty();
  private Optional<Path> lease = Optional.empty();
  private Optional<Holder> stale = Optional.empty();
  private boolean closed;

  private OverlayLock(Path overlay, boolean writes, Locking locking) {
    this.overlay = overlay;
    this.writes = writes;
    this.locking = locking;
  }

  /**
   * Takes the right to write.
   *
   * @param entry the record in the journal of what it is for; empty where there is none
   * @throws OverlayBusyException where somebody else writes to it or reads it
   */
  static OverlayLock take(OverlayFacts facts, Locking locking, String entry) {
    OverlayLock lock = new OverlayLock(facts.path(), true, locking);
    return lock.taken(
        () -> {
          Path place = lock.at(file(facts.path(), isDirectory(facts)));
          if (!Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
            make(place, facts.path());
          }
          lock.lockRecord(place);
          if (!isDirectory(facts)) {
            lock.image = Optional.of(locked(facts.path(), facts.path(), false));
          }
          lock.file.orElseThrow().write(lock.self(entry));
        });
  }

  /**
   * Takes the right to read. Nobody can write to a squashfs, or to a layer of a line, which is kept
   * as long as the overlay on it is: these need no lock.
   *
   * @throws OverlayBusyException where somebody writes to it
   */
  @SuppressWarnings("NullAway") // an upper lies in its overlay
  static OverlayLock read(OverlayFacts facts, Locking locking) {
    OverlayLock lock = new OverlayLock(facts.path(), false, locking);
    return lock.taken(
        () -> {
          switch (facts.kind()) {
            case DIRECTORY -> lock.readDirectory(facts.path());
            case LAYER -> {
              if (DirectoryOverlay.isUpper(facts.path())) {
                lock.readDirectory(facts.path().getParent());
              }
            }
            case EXT3 -> {
              // before the file beside it is looked for: a writer makes that, and then looks here
              lock.image = Optional.of(locked(facts.path(), facts.path(), true));
              Path place = lock.at(file(facts.path(), false));
              lock.readIfThere(place);
              if (lock.file.isEmpty() && !lock.image.get().isKnown()) {
                lock.lend(Leases.beside(facts.path(), place));
              }
            }
            case SQUASHFS -> {}
          }
        });
  }

  private Path at(Path lock) {
    place = Optional.of(lock);
    return lock;
  }

  /** What takes a lock. */
  private interface Taking {
    void run() throws IOException;
  }

  private OverlayLock taken(Taking taking) {
    boolean taken = false;
    try {
      taking.run();
      taken = true;
      return this;
    } catch (IOException e) {
      throw new OverlayException("cannot lock the overlay " + overlay + ": " + e, e);
    } finally {
      if (!taken) {
        release();
      }
    }
  }

  private void readDirectory(Path directory) throws IOException {
    if (LayerStore.isLayer(directory)) {
      return;
    }
    Path place = at(file(directory, true));
    try {
      if (Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
        readIfThere(place);
      } else if (isOwner(directory)) {
        make(place, directory);
        lockRecord(place);
      } else {
        warn("only its owner makes " + place);
      }
    } catch (ReadOnlyException e) {
      LOG.debug("the overlay {} is read without a lock", directory, e);
    }
  }

  private void readIfThere(Path place) throws IOException {
    if (Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
      try {
        lockRecord(place);
      } catch (AccessDeniedException e) {
        warn(e.toString());
      }
    }
  }

  private void warn(String reason) {
    LOG.warn(
        "the overlay {} is read without a lock, so that nobody who writes to it is kept out: {};"
            + " its owner can make the lock and let others read it",
        overlay,
        reason);
  }

  private boolean isOwner(Path path) throws IOException {
    Identity user = locking.host().identity();
    return user.isRoot() || owner(path) == user.uid();
  }

  private Holder self(String entry) {
    return Holder.self(locking.host().identity().user(), entry);
  }

  private static int owner(Path path) throws IOException {
    return (int) Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
  }

  /** The file system takes no files. */
  private static final class ReadOnlyException extends IOException {
    private static final long serialVersionUID = 1;

    ReadOnlyException(IOException cause) {
      super(cause);
    }
  }

  /** Makes the file in a new directory overlay, so that those can lock it who may only read. */
  static void makeIn(Path directory) {
    try {
      make(directory.resolve(NAME), directory);
    } catch (IOException e) {
      throw new OverlayException("cannot make the lock of " + directory + ": " + e, e);
    }
  }

  /** Makes the file. It belongs to the owner of the overlay, who could not lock root's. */
  private static void make(Path place, Path overlay) throws IOException {
    try {
      Files.createFile(place);
      // it tells when somebody last wrote to the overlay
      Files.setLastModifiedTime(place, NEVER);
      giveTo(owner(overlay), place);
    } catch (FileAlreadyExistsException e) {
      LOG.debug("somebody else made {}", place);
    } catch (IOException e) {
      if (Files.getFileStore(place.getParent()).isReadOnly()) {
        throw new ReadOnlyException(e);
      }
      throw e;
    }
  }

  /** Only root gives files away, and not on every file system. */
  private static void giveTo(int owner, Path place) {
    try {
      if (owner != owner(place)) {
        Files.setAttribute(place, "unix:uid", owner, LinkOption.NOFOLLOW_LINKS);
      }
    } catch (IOException e) {
      LOG.debug("{} stays with who made it", place, e);
    }
  }

  /** Locks the file, and looks who is written down in it. */
  private void lockRecord(Path place) throws IOException {
    OpenFile taken = locked(overlay, place, !writes);
    file = Optional.of(taken);
    synchronized (taken) {
      // who shares it with the first that looked need not look
      if (taken.holders() > 1) {
        if (!taken.isKnown()) {
          lend(Leases.beside(overlay, place));
        }
        return;
      }
      stale = Holder.parse(taken.text(LONGEST_RECORD));
      // who had the lock of a file system that has some, and has it no more, is dead
      boolean doubtful = !taken.isKnown() || stale.filter(Holder::stays).isPresent();
      if (doubtful && stale.filter(Holder::mayLive).isPresent()) {
        throw new OverlayBusyException(overlay, stale.get().told());
      }
    }
    Leases leases = Leases.beside(overlay, place);
    leases.require(writes);
    if (!taken.isKnown()) {
      lend(leases);
    }
  }

  /** The file system has no locks, or keeps them from other hosts. */
  private synchronized void lend(Leases leases) throws IOException {
    if (locking.demand().isPresent()) {
      throw ImageRules.refused(
          locking.demand().get(),
          "locks",
          "the overlay "
              + overlay
              + " lies on a file system without locks that all hosts know of; keep it on another one");
    }
    try {
      lease = Optional.of(leases.take(self(""), writes));
      LOG.warn(
          "the overlay {} lies on a file system without locks that all hosts know of: only those of"
              + " this SDK are kept"
              + " apart, by lease files in {}",
          overlay,
          leases.directory());
    } catch (AccessDeniedException e) {
      if (writes) {
        throw e;
      }
      warn("the file system has none, and no lease can be written: " + e);
    }
  }

  /**
   * Locks what lies at a path.
   *
   * @throws OverlayBusyException where somebody has it locked in a way that excludes this
   */
  static OpenFile locked(Path overlay, Path place, boolean shares) throws IOException {
    while (true) {
      OpenFile file = OpenFile.at(place);
      boolean kept = false;
      try {
        switch (file.lock(shares)) {
          case OURS ->
              throw new OverlayBusyException(
                  overlay, OURS, Optional.of(file.writer().orElseGet(OverlayLock::here).told()));
          case THEIRS -> {
            if (!LoopDevices.awaitUnmounted(place)) {
              throw busy(overlay, place, file, shares);
            }
          }
          case TAKEN, UNSUPPORTED -> {
            // another file may have taken its place meanwhile
            kept = file.isInPlace();
            if (kept) {
              return file;
            }
            file.unlock();
          }
        }
      } finally {
        if (!kept) {
          file.close();
        }
      }
    }
  }

  private static Holder here() {
    return Holder.self(System.getProperty("user.name"), "");
  }

  private static OverlayBusyException busy(Path overlay, Path place, OpenFile file, boolean shares)
      throws IOException {
    Optional<OverlayHolder> holder = Optional.empty();
    boolean onlyRead = !shares && file.lock(true) == OpenFile.Answer.TAKEN;
    if (onlyRead) {
      file.unlock();
    } else if (!place.equals(overlay)) {
      holder = Holder.parse(file.text(LONGEST_RECORD)).filter(Holder::mayLive).map(Holder::told);
    }
    holder = holder.or(() -> LockHolder.of(place, PROC));
    return holder
        .map(known -> new OverlayBusyException(overlay, known))
        .orElseGet(
            () ->
                new OverlayBusyException(
                    overlay, "another process" + (onlyRead ? ", which reads it" : "")));
  }

  /**
   * Asked before an image is read, because one that is mounted looks damaged.
   *
   * @throws OverlayBusyException where a container has the image that holds no lock
   */
  static void requireNoContainer(Path image) {
    record(file(image, false))
        .filter(Holder::stays)
        .ifPresent(
            holder -> {
              throw new OverlayBusyException(image, holder.told());
            });
  }

  /** Who has the right to write now: the record's word, or the tool's own lock on an image. */
  static Optional<String> holder(OverlayFacts overlay) {
    Path place = file(overlay.path(), isDirectory(overlay));
    Optional<OverlayHolder> lease = Leases.beside(overlay.path(), place).writer();
    Optional<OverlayHolder> tool =
        isDirectory(overlay) ? Optional.empty() : LockHolder.writing(overlay.path(), PROC);
    return lease
        .or(() -> record(place).map(Holder::told))
        .or(() -> tool)
        .map(OverlayHolder::toString);
  }

  /** When somebody last began or ended to write to it: then the file of the lock is written. */
  static Optional<Instant> lastUsed(OverlayFacts overlay) {
    Path file = file(overlay.path(), isDirectory(overlay));
    try {
      return Optional.of(Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS))
          .filter(time -> !time.equals(NEVER))
          .map(FileTime::toInstant);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Optional<Holder> record(Path place) {
    try (OpenFile file = OpenFile.at(place)) {
      synchronized (file) {
        return file.holders() > 0
            ? file.writer()
            : Holder.parse(file.text(LONGEST_RECORD)).filter(Holder::mayLive);
      }
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static boolean isDirectory(OverlayFacts overlay) {
    return overlay.kind() == OverlayFacts.Kind.DIRECTORY;
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

  /** Who had it before and died with it: what it was doing may have left something. */
  Optional<Holder> stale() {
    return stale;
  }

  /**
   * From here on an image is used as it lies there now.
   *
   * @param byTool whether the tool takes the lock of the image itself, which this one would exclude
   * @throws OverlayBusyException where somebody else has the image locked
   */
  void settle(boolean byTool) {
    if (!writes || image.isEmpty()) {
      return;
    }
    try {
      if (byTool) {
        end(image);
        image = Optional.empty();
      } else if (!image.get().isInPlace()) {
        OpenFile next = locked(overlay, overlay, false);
        end(image);
        image = Optional.of(next);
      }
    } catch (IOException e) {
      throw new OverlayException("cannot lock the overlay " + overlay + ": " + e, e);
    }
  }

  /** Of what the tool's own lock is held here, and how. */
  Optional<ImageKeeper.Image> keptImage() {
    return image.map(file -> new ImageKeeper.Image(file.path(), writes));
  }

  /** Leaves it to a container that outlives this process. */
  synchronized void handOver(long pid, Journal.Entry entry) {
    Holder container = Holder.container(pid, locking.host().identity().user(), entry);
    try {
      if (writes) {
        file.orElseThrow().write(container);
        file.get().force();
      }
      if (lease.isPresent() || !writes && place.isPresent()) {
        lend(container);
      }
    } catch (IOException e) {
      throw new OverlayException("cannot write down who uses " + overlay + ": " + e, e);
    }
    closed = true;
    lease = Optional.empty();
    release();
  }

  private void lend(Holder container) throws IOException {
    Leases leases = Leases.beside(overlay, place.orElseThrow());
    try {
      if (lease.isPresent()) {
        leases.pass(lease.get(), container);
      } else {
        leases.take(container, false);
      }
    } catch (AccessDeniedException e) {
      warn("a session that stays cannot write a lease: " + e);
    } catch (IOException e) {
      if (writes || !Files.getFileStore(leases.directory().getParent()).isReadOnly()) {
        throw e;
      }
      warn("a session that stays cannot write a lease on a file system that is read-only");
    }
  }

  /** Takes away what still says that a session uses an overlay which has been ended. */
  static void forget(Path overlay, String entry) {
    try {
      leases(overlay).forget(entry);
      alone(
          overlay,
          file -> {
            if (Holder.parse(file.text(LONGEST_RECORD))
                .filter(holder -> holder.entry().equals(entry))
                .isPresent()) {
              file.clear();
            }
          });
    } catch (IOException | OverlayBusyException e) {
      // whoever has it now has written over the record
      LOG.debug("nothing to forget of {}", overlay, e);
    }
  }

  /**
   * Takes away what says that an overlay is used by somebody of whom it cannot be told whether he
   * lives.
   *
   * @throws OverlayBusyException where somebody has it locked, or it is sure that one lives
   */
  static List<OverlayHolder> breakLeases(Path overlay) {
    List<OverlayHolder> broken = new ArrayList<>();
    try {
      alone(
          overlay,
          file -> {
            Optional<Holder> holder = Holder.parse(file.text(LONGEST_RECORD));
            if (holder.filter(Holder::lives).isPresent()) {
              throw new OverlayBusyException(overlay, holder.get().told());
            }
            broken.addAll(leases(overlay).breakAll());
            holder
                .map(Holder::told)
                .filter(told -> broken.stream().noneMatch(other -> isSame(other, told)))
                .ifPresent(broken::add);
            file.clear();
          });
      broken.addAll(leases(overlay).breakAll());
      return broken;
    } catch (IOException e) {
      throw new OverlayException("cannot look who uses " + overlay + ": " + e, e);
    }
  }

  private static boolean isSame(OverlayHolder one, OverlayHolder other) {
    return one.host().equals(other.host()) && one.process().equals(other.process());
  }

  /** What is done while nobody has the lock. */
  private interface Alone {
    void run(OpenFile file) throws IOException;
  }

  private static void alone(Path overlay, Alone work) throws IOException {
    Path place = file(overlay);
    if (Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
      OpenFile file = locked(overlay, place, false);
      try {
        work.run(file);
      } finally {
        file.unlock();
        file.close();
      }
    }
  }

  private static Leases leases(Path overlay) {
    return Leases.beside(overlay, file(overlay));
  }

  /** Of whatever lies at a path. */
  @SuppressWarnings("NullAway") // an upper lies in its overlay
  private static Path file(Path overlay) {
    return DirectoryOverlay.isUpper(overlay)
        ? file(overlay.getParent(), true)
        : file(overlay, Files.isDirectory(overlay));
  }

  /** Gives the right to an overlay back that is deleted, with what tells of it. */
  void closeForGood() {
    try {
      if (file.isPresent()) {
        Files.deleteIfExists(file.get().path());
      }
    } catch (IOException e) {
      LOG.warn("the lock of a deleted overlay stays: {}", e.toString());
    }
    close();
  }

  /** Gives the right back. Does nothing after it was handed over. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      // the overlay may have been deleted meanwhile, or moved, and a new one is at its place
      if (writes && file.filter(OpenFile::isInPlace).isPresent()) {
        file.get().clear();
      }
    } catch (IOException e) {
      LOG.warn("the record of the overlay's holder stays, and will be found to be dead", e);
    }
    release();
  }

  private void release() {
    lease.ifPresent(taken -> Leases.beside(overlay, place.orElseThrow()).end(taken));
    end(image);
    end(file);
  }

  private static void end(Optional<OpenFile> taken) {
    taken.ifPresent(
        open -> {
          open.unlock();
          open.close();
        });
  }
}
