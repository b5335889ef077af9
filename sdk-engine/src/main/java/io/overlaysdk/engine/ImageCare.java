package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.CheckReport;
import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.ImageSize;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LaunchException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Stdio;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks through ext3 overlays, repairs them and changes their size. What writes, writes to a copy
 * that takes the place of the image when it is whole: a program that is killed in the middle leaves
 * the image as it was.
 */
final class ImageCare {
  private static final Logger LOG = LoggerFactory.getLogger(ImageCare.class);

  /** What e2fsck ends with (e2fsck(8)): these bits together mean that nothing is left to do. */
  private static final int REPAIRED = 1 | 2;

  private static final int CANCELLED = 32;

  /** And of this one and above: it did not end by itself, or could not begin. */
  private static final int KILLED = 128;

  private final Host host;
  private final Locking locking;
  private final Launcher launcher;
  private final PolicyCheck policy;
  private final Function<String, Scratch> scratches;

  ImageCare(
      Locking locking, Launcher launcher, PolicyCheck policy, Function<String, Scratch> scratches) {
    this.host = locking.host();
    this.locking = locking;
    this.launcher = launcher;
    this.policy = policy;
    this.scratches = scratches;
  }

  /** While somebody writes to it, it looks as if something were wrong with it. */
  CheckReport check(Path overlay, boolean repair) {
    Found found = image(overlay);
    OverlayLock lock =
        repair
            ? OverlayLock.take(facts(found), locking, "")
            : OverlayLock.read(facts(found), locking);
    try {
      boolean clean = isClean(found);
      Launcher.Outcome look = examine(pid -> {}, "-fn", found.path());
      if (look.status() == 0 && clean) {
        return new CheckReport(found.path(), CheckReport.State.CLEAN, look.outputText());
      }
      if (repair) {
        return repair(found);
      }
      boolean damaged = look.status() != 0;
      return new CheckReport(
          found.path(),
          damaged ? CheckReport.State.DAMAGED : CheckReport.State.DIRTY,
          look.outputText());
    } finally {
      lock.close();
    }
  }

  /**
   * Makes an image fit to be written to again where it was cut off: its driver or the machine died
   * while it was written to. Other overlays are left as they are.
   *
   * @throws CorruptOverlayException where it cannot be repaired
   */
  void mendUnlocked(Path overlay) {
    if (isMarked(overlay)) {
      OverlayLock lock = OverlayLock.take(facts(image(overlay)), locking, "");
      try {
        mend(overlay, true);
      } finally {
        lock.close();
      }
    }
  }

  /**
   * The same for who has the right to write to it.
   *
   * @param locked whether the image itself is locked too, which a tool may do by itself
   * @return whether there was something to repair
   */
  boolean mend(Path overlay, boolean locked) {
    if (!isMarked(overlay)) {
      return false;
    }
    Found found = image(overlay);
    if (!locked) {
      LockProbe.check(found, Access.READ_WRITE);
    }
    if (!isCutOff(overlay)) {
      return false;
    }
    Optional<Path> device = LoopDevices.of(overlay);
    if (device.isPresent()) {
      throw new OverlayBusyException(overlay, "the block device " + device.get());
    }
    CheckReport report = repair(found);
    if (report.state() == CheckReport.State.DAMAGED) {
      throw new CorruptOverlayException(
          "the overlay "
              + overlay
              + " was cut off while it was written to, and e2fsck cannot repair it: "
              + report.output());
    }
    LOG.warn(
        "the overlay {} was cut off while it was written to, and is repaired: {}",
        overlay,
        report.output());
    return true;
  }

  /**
   * Whether the driver that wrote to an image last did not get to its end, of an image that nobody
   * is known to use: the kernel may still be at it.
   */
  static boolean isCutOff(Path overlay) {
    if (!isMarked(overlay)) {
      return false;
    }
    LoopDevices.awaitRelease(overlay);
    return isMarked(overlay);
  }

  /** Whether it is in use, or was not closed. */
  static boolean isMarked(Path overlay) {
    if (!Files.isRegularFile(overlay) || !Files.isWritable(overlay)) {
      return false;
    }
    try (RawFile file = RawFile.open(Found.at(overlay, Subject.OVERLAY))) {
      Content content = Content.of(file);
      return content.kind() == Content.Kind.EXT
          && content.offset() == 0
          && !ExtSuperblock.read(file, 0, Long.MAX_VALUE, "the file system").isClean();
    }
  }

  private CheckReport repair(Found found) {
    try (ImageCopy copy = ImageCopy.of(found.path(), host, scratches)) {
      Launcher.Outcome done = examine(copy.scratch()::started, "-fy", copy.path());
      boolean sound = (done.status() & ~REPAIRED) == 0;
      if (sound) {
        copy.replace();
      }
      return new CheckReport(
          found.path(),
          sound ? CheckReport.State.REPAIRED : CheckReport.State.DAMAGED,
          done.outputText());
    }
  }

  /**
   * @param size with inodes where these are to change
   */
  void resize(Path overlay, ImageSize size) {
    policy.overlay(overlay, size.bytes(), size.inodes());
    Found found = image(overlay);
    // damaged or no ext3: refused in the same words as by a session
    OverlayFacts facts = new OverlayReader().read(Overlay.at(found.path()));
    OverlayLock lock = OverlayLock.take(facts, locking, "");
    try {
      if (size.inodes().isPresent()) {
        new Refill(host, launcher, scratches).run(found, size);
      } else {
        resize(found, size.bytes() / 1024 * 1024);
      }
    } finally {
      lock.close();
    }
  }

  private void resize(Found found, long bytes) {
    try (ImageCopy copy = ImageCopy.of(found.path(), host, scratches)) {
      // resize2fs demands it
      Launcher.Outcome look = examine(copy.scratch()::started, "-fp", copy.path());
      if ((look.status() & ~REPAIRED) != 0) {
        throw new OverlayException(
            "cannot resize " + found.path() + ": it is damaged: " + look.outputText());
      }
      if (size(copy.path()) < bytes) {
        setSize(copy.path(), bytes);
      }
      run(copy, "resize2fs", "-f", copy.path().toString(), bytes / 1024 + "K");
      setSize(copy.path(), bytes);
      policy.overlay(found.path(), copy.path());
      copy.replace();
    }
  }

  private static Found image(Path overlay) {
    Found found = Found.at(overlay, Subject.OVERLAY);
    if (found.directory()) {
      throw new InvalidSpecException(
          "the overlay "
              + found.path()
              + " is a directory: it has the size and the soundness of the file system it is on");
    }
    try (RawFile file = RawFile.open(found)) {
      Content content = Content.of(file);
      if (content.kind() != Content.Kind.EXT || content.offset() != 0) {
        throw new InvalidSpecException(
            "the overlay " + found.path() + " is no ext3 image: " + content.description());
      }
    }
    return found;
  }

  private static OverlayFacts facts(Found found) {
    return new OverlayFacts(OverlayFacts.Kind.EXT3, found.path(), Access.READ_WRITE);
  }

  private static boolean isClean(Found found) {
    try (RawFile file = RawFile.open(found)) {
      return ExtSuperblock.read(file, 0, Long.MAX_VALUE, "the file system").isClean();
    }
  }

  private void run(ImageCopy copy, String... words) {
    Launcher.Outcome outcome = ask(copy.scratch()::started, words);
    if (outcome.status() != 0) {
      throw new LaunchException(
          words[0] + " failed with status " + outcome.status(),
          List.of(words),
          outcome.outputText() + outcome.errorText());
    }
  }

  /**
   * What e2fsck finds.
   *
   * @throws LaunchException where it did not come to its end, which says nothing of the image
   */
  private Launcher.Outcome examine(LongConsumer started, String how, Path image) {
    Launcher.Outcome outcome = ask(started, "e2fsck", how, image.toString());
    if (outcome.status() >= KILLED || (outcome.status() & CANCELLED) != 0) {
      throw new LaunchException(
          "e2fsck was ended with status "
              + outcome.status()
              + " before it had seen all of "
              + image,
          List.of("e2fsck", how, image.toString()),
          outcome.outputText() + outcome.errorText());
    }
    return outcome;
  }

  private Launcher.Outcome ask(LongConsumer started, String... words) {
    Path program = Programs.require(host, words[0], "look after an ext3 image");
    return launcher.run(
        Invocation.of(program, List.of(words).subList(1, words.length)),
        new Launcher.Terms(Optional.empty(), Stdio.PIPES, Optional.empty(), started));
  }

  private static long size(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return channel.size();
    } catch (IOException e) {
      throw new OverlayException("cannot look at " + file + ": " + e, e);
    }
  }

  /** A hole is added, or the end is cut off. */
  private static void setSize(Path file, long bytes) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      if (channel.size() < bytes) {
        channel.write(ByteBuffer.allocate(1), bytes - 1);
      } else {
        channel.truncate(bytes);
      }
    } catch (IOException e) {
      throw new OverlayException("cannot change the size of " + file + ": " + e, e);
    }
  }
}
