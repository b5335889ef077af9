package io.overlaysdk.layers;

import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.LayerEntry.Kind;
import io.overlaysdk.layers.NeutralForm.Rewritten;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The three walks of a rewriting. First all whiteouts are made: beside the markers that they stand
 * for they change nothing. Then the {@code .wh.} files go, while what proves that they are
 * whiteouts is still there. What makes directories opaque goes last.
 */
final class Rewriting implements AutoCloseable {
  private final Lowers lowers;
  private final Layer upper;
  private final Whiteouts whiteouts;
  private final PutAside aside;
  private final Runnable beforeStep;
  private final Path seed;
  private final Path spare;
  private long made;
  private long files;
  private long attributes;

  /** What is done in one directory, when those in it are done. */
  private interface Work {
    void in(LayerDirectory directory, @Nullable LowerEntry lower, boolean cut) throws IOException;
  }

  Rewriting(
      List<Layer> lowers, Layer upper, Whiteouts whiteouts, Path scratch, Runnable beforeStep) {
    this.beforeStep = beforeStep;
    this.lowers = new Lowers(lowers);
    this.upper = upper;
    this.whiteouts = whiteouts;
    this.aside = new PutAside(scratch.resolve("neutral.journal"), upper.root());
    this.seed = scratch.resolve("neutral.whiteout");
    this.spare = scratch.resolve("neutral.spare");
  }

  Rewritten run() {
    Inexpressible inexpressible = new Inexpressible(upper, aside);
    walk(inexpressible::look);
    inexpressible.refuse();
    walk(this::makeWhiteouts);
    walk(this::removeWhiteoutFiles);
    walk(this::removeOpaqueness);
    return new Rewritten(made, files, attributes);
  }

  @Override
  public void close() {
    try {
      Files.deleteIfExists(seed);
      Files.deleteIfExists(spare);
    } catch (IOException e) {
      throw failed("clearing away", seed, e);
    } finally {
      aside.close();
    }
  }

  private void walk(Work work) {
    Path file = upper.root();
    try {
      aside.whileOpen(
          file,
          Stat.of(file),
          () -> {
            try (LayerDirectory root = upper.open()) {
              walk(root, lowers.root(), root.isOpaque(), work);
            }
          });
    } catch (IOException e) {
      throw failed("rewriting", file, e);
    }
  }

  private void walk(LayerDirectory directory, @Nullable LowerEntry lower, boolean cut, Work work)
      throws IOException {
    for (LayerEntry entry : directory.entries()) {
      if (entry.isDirectory()) {
        aside.whileOpen(
            entry.file(),
            entry.stat(),
            () -> {
              try (LayerDirectory opened = directory.open(entry)) {
                descend(opened, lower, cut, work);
              }
            });
      }
    }
    work.in(directory, lower, cut);
  }

  private void descend(LayerDirectory opened, @Nullable LowerEntry lower, boolean cut, Work work)
      throws IOException {
    LowerEntry below = lower == null ? null : lower.child(opened.self().rawName());
    if (below != null && below.isDirectory()) {
      walk(opened, below, cut || opened.isOpaque(), work);
    } else {
      walk(opened, null, false, work);
    }
  }

  private void makeWhiteouts(LayerDirectory directory, @Nullable LowerEntry lower, boolean cut)
      throws IOException {
    Set<byte[]> missing = new TreeSet<>(Arrays::compareUnsigned);
    Set<byte[]> replaced = new TreeSet<>(Arrays::compareUnsigned);
    if (cut && lower != null) {
      missing.addAll(lower.names());
      missing.removeIf(name -> lower.child(name) == null);
    }
    for (LayerEntry entry : directory.entries()) {
      missing.remove(entry.rawName());
      if (entry.kind() == Kind.WHITEOUT && entry.stat().kind() == Kind.FILE) {
        boolean sameName = Arrays.equals(Names.bytes(entry.fileName()), entry.rawName());
        (sameName ? replaced : missing).add(entry.rawName());
      }
    }
    if (missing.isEmpty() && replaced.isEmpty()) {
      return;
    }
    missing.addAll(replaced);
    aside.whileChanging(
        directory.self().file(),
        () -> {
          for (byte[] name : missing) {
            beforeStep.run();
            makeSpare();
            try (DirectoryStream<Path> from = Files.newDirectoryStream(spare.getParent())) {
              directory.take((SecureDirectoryStream<Path>) from, spare, name);
            }
            made++;
          }
        });
  }

  private void removeWhiteoutFiles(
      LayerDirectory directory, @Nullable LowerEntry lower, boolean cut) throws IOException {
    remove(directory, directory.listing().whiteoutFiles());
  }

  private void removeOpaqueness(LayerDirectory directory, @Nullable LowerEntry lower, boolean cut)
      throws IOException {
    for (LayerEntry entry : directory.entries()) {
      if (entry.kind() == Kind.FILE) {
        removeAttributes(directory.markers(), entry.file(), entry.stat());
      }
    }
    Path file = directory.self().file();
    removeAttributes(directory.markers(), file, Stat.of(file));
    remove(directory, directory.listing().opaqueFiles());
  }

  private void remove(LayerDirectory directory, List<Path> markers) throws IOException {
    if (markers.isEmpty()) {
      return;
    }
    aside.whileChanging(
        directory.self().file(),
        () -> {
          for (Path marker : markers) {
            beforeStep.run();
            directory.delete(marker);
            files++;
          }
        });
  }

  private void removeAttributes(Markers markers, Path file, Stat stat) throws IOException {
    aside.whileOpen(
        file,
        stat,
        () -> {
          for (String name : markers.removable(file, stat.kind())) {
            removeAttribute(file, name);
          }
        });
  }

  private void removeAttribute(Path file, String name) throws IOException {
    beforeStep.run();
    if (name.startsWith("user.")) {
      UserAttributes.remove(file, name);
    } else {
      upper.extended().orElseThrow().remove(file, name);
    }
    attributes++;
  }

  /** Another name of the one whiteout: it costs no process. */
  private void makeSpare() throws IOException {
    Files.deleteIfExists(spare);
    Stat stat = Stat.orNull(seed);
    if (stat == null || stat.kind() != Kind.WHITEOUT) {
      Files.deleteIfExists(seed);
      whiteouts.create(seed);
    }
    try {
      Files.createLink(spare, seed);
    } catch (FileSystemException e) {
      // no more names for one file: 65,000 on ext4, and none at all on some FUSE file systems
      Files.move(seed, spare, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static OverlayException failed(String doing, Path file, IOException cause) {
    return new OverlayException(
        doing + " \"" + file + "\" failed: " + cause + "; run it again to finish", cause);
  }
}
