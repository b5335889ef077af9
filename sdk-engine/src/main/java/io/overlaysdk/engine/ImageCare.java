package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.CheckReport;
import io.overlaysdk.ImageSize;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LaunchException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Function;

/**
 * Looks through ext3 overlays, repairs them and changes their size. What writes, writes to a copy
 * that takes the place of the image when it is whole: a program that is killed in the middle leaves
 * the image as it was.
 */
final class ImageCare {
  /** What e2fsck ends with (e2fsck(8)): these bits together mean that nothing is left to do. */
  private static final int REPAIRED = 1 | 2;

  private final Host host;
  private final Launcher launcher;
  private final Function<String, Scratch> scratches;

  ImageCare(Host host, Launcher launcher, Function<String, Scratch> scratches) {
    this.host = host;
    this.launcher = launcher;
    this.scratches = scratches;
  }

  /** While somebody writes to it, it looks as if something were wrong with it. */
  CheckReport check(Path overlay, boolean repair) {
    Found found = image(overlay);
    OverlayLock lock = OverlayLock.take(facts(found), host, "");
    try {
      LockProbe.check(found, Access.READ_ONLY);
      boolean dirty = needsRecovery(found);
      Launcher.Outcome look = e2fsck("-fn", found.path());
      if (look.status() == 0 && !dirty) {
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

  private CheckReport repair(Found found) {
    try (ImageCopy copy = ImageCopy.of(found.path(), host, scratches)) {
      Launcher.Outcome done = e2fsck("-fy", copy.path());
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
    Found found = image(overlay);
    OverlayLock lock = OverlayLock.take(facts(found), host, "");
    try {
      // in use by a tool, damaged or no ext3: refused in the same words as by a session
      new OverlayReader().read(Overlay.at(found.path()));
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
      Launcher.Outcome look = e2fsck("-fp", copy.path());
      if ((look.status() & ~REPAIRED) != 0) {
        throw new OverlayException(
            "cannot resize " + found.path() + ": it is damaged: " + look.outputText());
      }
      if (size(copy.path()) < bytes) {
        setSize(copy.path(), bytes);
      }
      run("resize2fs", "-f", copy.path().toString(), bytes / 1024 + "K");
      setSize(copy.path(), bytes);
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

  private static boolean needsRecovery(Found found) {
    try (RawFile file = RawFile.open(found)) {
      return ExtSuperblock.read(file, 0, Long.MAX_VALUE, "the file system").needsRecovery();
    }
  }

  private Launcher.Outcome e2fsck(String option, Path file) {
    return ask("e2fsck", option, file.toString());
  }

  private void run(String... words) {
    Launcher.Outcome outcome = ask(words);
    if (outcome.status() != 0) {
      throw new LaunchException(
          words[0] + " failed with status " + outcome.status(),
          List.of(words),
          outcome.outputText() + outcome.errorText());
    }
  }

  private Launcher.Outcome ask(String... words) {
    Path program =
        host.find(words[0])
            .orElseThrow(
                () ->
                    new LaunchException(
                        "there is no program " + words[0] + " here: install e2fsprogs",
                        List.of(words),
                        ""));
    return launcher.run(
        Invocation.of(program, List.of(words).subList(1, words.length)), Launcher.Terms.toTheEnd());
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
