package io.overlaysdk.engine;

import io.overlaysdk.LaunchException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Stdio;
import io.overlaysdk.spi.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The private directory of one session or build: where steps put what they make, and what is
 * deleted at the end. All that a step makes lies in it, so that deleting it undoes every step.
 */
final class Scratch implements AutoCloseable {
  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE_FILE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private static final Set<PosixFilePermission> OPEN_TO_READ =
      PosixFilePermissions.fromString("rwxr-xr-x");

  private final Path directory;
  private final Journal.Entry journal;
  private final Launcher launcher;
  private final Removal removal;
  private final List<Path> partials = new ArrayList<>();
  private final List<ManifestFile> manifests = new ArrayList<>();

  Scratch(Path directory, Journal.Entry journal, Launcher launcher, Removal removal) {
    this.directory = directory;
    this.journal = journal;
    this.launcher = launcher;
    this.removal = removal;
  }

  /** Makes the directory; the journal knows of it before it is there. */
  void make() {
    journal.announce("scratch", directory.toString());
    try {
      PrivateDirectory.requireAround(directory);
      Files.createDirectory(directory, Modes.PRIVATE);
    } catch (IOException e) {
      throw new OverlayException(
          "cannot make the scratch directory "
              + directory
              + ": "
              + e
              + "; configure another one (scratch) or make room",
          e);
    }
  }

  /** Remembers a process that was started for what this directory is for. */
  void started(long pid) {
    journal.process(pid);
  }

  /**
   * Remembers what is made beside its place, for which that must be on the same file system. Unless
   * it has been moved there, it is deleted in the end.
   */
  void beside(NewFile file) {
    journal.announce("partial", file.partial().toString());
    partials.add(file.partial());
  }

  /** A new name beside a file, for what is to take its place. */
  Path beside(Path file) {
    NewFile made = NewFile.of(file);
    beside(made);
    return made.partial();
  }

  /**
   * Remembers a manifest as it is before the overlay is filled that it is of.
   *
   * @param sign shows whether that has been: an empty directory, or a file, where it has not
   */
  void filling(ManifestFile manifest, Path sign) {
    Path before = beside(manifest.path());
    manifest.copyTo(before);
    journal.announce("sign", sign.toString());
    journal.announce("before", before.toString());
    journal.announce("filling", manifest.path().toString());
  }

  /** Remembers a manifest that is written before its image is there, and is nothing without it. */
  void before(ManifestFile manifest) {
    journal.announce("manifest", manifest.path().toString());
    manifests.add(manifest);
  }

  Path directory() {
    return directory;
  }

  /**
   * Does a step.
   *
   * @throws LaunchException where a program fails
   */
  void perform(Step step, Duration limit) {
    journal.write("step", step.toString());
    try {
      if (step instanceof Step.MakeDirectory make) {
        Files.createDirectory(make.path());
        Files.setPosixFilePermissions(make.path(), OPEN_TO_READ);
      } else if (step instanceof Step.WriteFile write) {
        Files.createFile(write.path(), PRIVATE_FILE);
        Files.writeString(write.path(), write.content(), StandardOpenOption.WRITE);
      } else if (step instanceof Step.Link link) {
        Files.createSymbolicLink(link.path(), link.target());
      } else if (step instanceof Step.Run run) {
        run(run.purpose(), run.invocation(), limit);
      }
    } catch (IOException e) {
      throw new OverlayException("cannot prepare the session: " + e, e);
    }
  }

  private void run(String purpose, Invocation invocation, Duration limit) {
    Launcher.Outcome outcome =
        launcher.run(
            invocation,
            new Launcher.Terms(
                Optional.empty(), Stdio.PIPES, Optional.of(limit), pid -> journal.process(pid)));
    if (outcome.timedOut()) {
      throw new LaunchException(
          "cannot " + purpose + ": it took longer than " + limit.toSeconds() + " seconds",
          invocation.words(),
          outcome.errorText());
    }
    if (outcome.status() != 0) {
      throw new LaunchException(
          "cannot " + purpose + ": status " + outcome.status(),
          invocation.words(),
          outcome.errorText());
    }
  }

  /** Performs steps in order. */
  void perform(List<Step> steps, Duration limit) {
    steps.forEach(step -> perform(step, limit));
  }

  /** When something has failed, which is what the caller is told. */
  void closeAfter(RuntimeException failure) {
    try {
      close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /** Deletes all that was made, and then says in the journal that nothing is left. */
  @Override
  public void close() {
    partials.forEach(removal::remove);
    manifests.forEach(ManifestFile::deleteOrphan);
    removal.removeScratch(directory);
    journal.delete();
  }
}
