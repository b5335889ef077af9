package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Snapshot;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Snapshots of directory overlays, and what becomes of them. Each operation is one rename: what is
 * written before it says what it will mean, and what comes after it anybody can do who finds it
 * undone.
 */
final class Lines {
  /**
   * Apptainer 1.4.5 mounts no more than some 45 read-only layers, and says something else; a few
   * are the image's and the session's.
   */
  private static final int MOST_LAYERS = 40;

  private final Locking locking;
  private final Removal removal;
  private final Ledger ledger;

  Lines(Locking locking, Removal removal, Ledger ledger) {
    this.locking = locking;
    this.removal = removal;
    this.ledger = ledger;
  }

  /** The same session, with the layers below its overlays named. */
  SessionSpec expand(SessionSpec spec) {
    List<Overlay> all = new ArrayList<>();
    for (Overlay overlay : spec.overlays()) {
      Optional<Path> directory = overlay.path().filter(Lines::isFrozen);
      directory.ifPresent(path -> layers(path).forEach(layer -> all.add(layer)));
      all.add(overlay);
    }
    return all.size() == spec.overlays().size() ? spec : spec.overlays(all);
  }

  /**
   * @throws UnsupportedException where the overlay lies on layers, which are no part of it
   */
  void requireAlone(Path path) {
    if (isFrozen(path)) {
      throw new UnsupportedException(
          "the overlay "
              + path
              + " lies on layers that are kept outside of it; freeze it, or export and import it,"
              + " which makes one overlay of all");
    }
  }

  private static boolean isFrozen(Path path) {
    return Files.isRegularFile(path.resolve(LineFile.NAME), LinkOption.NOFOLLOW_LINKS);
  }

  private List<Overlay> layers(Path path) {
    Path overlay = Found.at(path, Subject.OVERLAY).path();
    Line line = Line.of(overlay);
    if (!line.isSettled()) {
      locked(overlay, settled -> settled);
      line = Line.of(overlay);
    }
    return line.layers().stream().map(layer -> Overlay.at(layer).readOnly()).toList();
  }

  Snapshot snapshot(Path path, String message) {
    return locked(directory(path), line -> inStore(line, () -> snapshot(line, message)));
  }

  /** Whether no further snapshot is possible before it is flattened. */
  boolean isFull(Path path) {
    return Line.below(directory(path)).size() >= MOST_LAYERS;
  }

  private Snapshot snapshot(Line line, String message) {
    if (line.layers().size() >= MOST_LAYERS) {
      throw new UnsupportedException(
          "the overlay "
              + line.overlay()
              + " lies on "
              + MOST_LAYERS
              + " layers, and the tools take few more; flatten it first, with overlay flatten --base IMAGE");
    }
    Frozen layer = newLayer(line, Optional.empty(), message);
    Line next = advance(line, layer);
    Path upper = line.overlay().resolve("upper");
    Path frozen = layer.directory().resolve("upper");
    move(upper, frozen);
    try {
      settle(next);
    } catch (RuntimeException e) {
      // no room for a new one, say: without an upper the layer counts no longer
      move(frozen, upper);
      throw e;
    }
    return seen(layer, List.of(line.overlay()));
  }

  private static Frozen newLayer(Line line, Optional<String> back, String message) {
    return line.store()
        .add(
            Frozen.now(line.store(), line.below(), line.below(), message).back(back),
            Lines::makeDirectory,
            ManifestFile.ofDirectory(line.overlay()).read());
  }

  private static Path makeDirectory(NewFile layer) {
    try {
      return Files.createDirectory(layer.partial());
    } catch (IOException e) {
      throw new OverlayException("cannot make the layer " + layer.target() + ": " + e, e);
    }
  }

  /**
   * Puts an overlay on one layer that is what all its layers are together.
   *
   * @param merging makes an overlay of these layers, bottom to top, and tells where
   */
  Snapshot flatten(Path path, BiFunction<List<Overlay>, NewFile, Path> merging) {
    return locked(
        requireFrozen(directory(path)).overlay(),
        line -> inStore(line, () -> flatten(line, merging)));
  }

  private static Snapshot flatten(Line line, BiFunction<List<Overlay>, NewFile, Path> merging) {
    String below = line.below().orElseThrow(() -> neverFrozen(line.overlay()));
    List<Overlay> layers =
        line.layers().stream().map(layer -> Overlay.at(layer).readOnly()).toList();
    Frozen merged =
        line.store()
            .add(
                Frozen.now(line.store(), Optional.empty(), Optional.of(below), "flattened"),
                file -> merging.apply(layers, file),
                ManifestFile.ofDirectory(line.store().frozen(below).directory())
                    .read()
                    .map(manifest -> manifest.in(Set.of())));
    advance(line, merged);
    return seen(merged, List.of(line.overlay()));
  }

  /** From now on it lies on this layer, which counts as soon as it is filled. */
  private static Line advance(Line line, Frozen layer) {
    Line next = line.on(layer.id());
    Set<String> tips = new HashSet<>(line.store().tips(line));
    layer.parent().ifPresent(tips::remove);
    tips.add(layer.id());
    line.store().remember(next, tips);
    LineFile.write(next);
    return next;
  }

  /**
   * @param at the snapshot; empty for the state of now
   */
  Overlay fork(Path path, Optional<String> at, Path target) {
    return fork(path, at, target, partial -> {});
  }

  /**
   * @param making is told of what is made beside the target, before that is
   */
  Overlay fork(Path path, Optional<String> at, Path target, Consumer<NewFile> making) {
    NewFile end = NewFile.at(target);
    making.accept(end);
    Path overlay = directory(path);
    if (at.isEmpty()) {
      Line begun =
          locked(
              overlay,
              line -> {
                if (line.below().isEmpty() || !isEmpty(line)) {
                  inStore(line, () -> snapshot(line, "for the fork " + end.target().getFileName()));
                }
                return Line.of(overlay);
              });
      return inStore(begun, () -> fork(begun, begun.below().orElseThrow(), end));
    }
    Line line = requireFrozen(overlay);
    return inStore(line, () -> fork(line, find(line, at.get()).id(), end));
  }

  private Overlay fork(Line from, String at, NewFile end) {
    Path target = end.target();
    Path partial = end.partial();
    Line line = new Line(target, LayerStore.newId(), from.store(), Optional.of(at));
    Frozen layer = from.store().frozen(at);
    try {
      Files.createDirectory(partial);
      Files.createDirectory(partial.resolve("work"));
      Modes.set(partial.resolve("work"), 0755);
      Uppers.make(partial, Optional.of(layer.directory()));
      OverlayLock.makeIn(partial);
      ManifestFile.ofDirectory(partial)
          .write(
              ledger
                  .empty()
                  .based(
                      ManifestFile.ofDirectory(layer.directory()).read().flatMap(Manifest::base)));
      LineFile.write(line, partial);
      from.store().remember(line, Set.of(at));
      move(partial, target);
      return Overlay.at(target);
    } catch (IOException e) {
      throw new OverlayException("cannot make the overlay " + target + ": " + e, e);
    } finally {
      removal.remove(partial);
    }
  }

  /**
   * @param to the snapshot; empty for the one that it lies on
   * @param discard whether what was changed since the last one may go
   */
  void rollback(Path path, Optional<String> to, boolean discard) {
    locked(
        requireFrozen(directory(path)).overlay(),
        line -> inStore(line, () -> rollback(line, to, discard)));
  }

  private Line rollback(Line line, Optional<String> to, boolean discard) {
    String back =
        find(line, to.or(line::below).orElseThrow(() -> neverFrozen(line.overlay()))).id();
    boolean empty = isEmpty(line);
    if (!empty && !discard) {
      throw new InvalidSpecException(
          "the overlay "
              + line.overlay()
              + " has changes that no snapshot has; take one first (overlay snapshot), or discard"
              + " them (overlay rollback --discard)");
    }
    LayerStore store = line.store();
    Set<String> tips = new HashSet<>(store.tips(line));
    tips.add(back);
    store.remember(line, tips);
    // even where it is empty: its root has the attributes that it has in the snapshot
    Frozen rest = newLayer(line, Optional.of(back), "");
    Line between = line.on(rest.id());
    LineFile.write(between);
    move(line.overlay().resolve("upper"), rest.directory().resolve("upper"));
    Line done = settle(between);
    store.collect(removal);
    return done;
  }

  /** All snapshots of the store, of this overlay and of others. */
  List<Snapshot> log(Path path) {
    Optional<Line> line = LineFile.ofOverlay(directory(path));
    if (line.isEmpty()) {
      return List.of();
    }
    LayerStore store = line.get().store();
    List<LayerStore.Known> known = store.known();
    return store.snapshots().stream()
        .map(
            layer ->
                seen(
                    layer,
                    known.stream()
                        .filter(one -> one.current().equals(Optional.of(layer.id())))
                        .map(LayerStore.Known::overlay)
                        .sorted()
                        .toList()))
        .toList();
  }

  /** Deletes an overlay that is closed, with the layers that nobody else needs. */
  void delete(Path path) {
    delete(path, aside -> {});
  }

  /**
   * @param moving is told where the overlay is put aside, as a whole, before it is deleted: half of
   *     one would be taken for one
   */
  void delete(Path path, Consumer<NewFile> moving) {
    OverlayFacts overlay = requireOverlay(path);
    OverlayLock lock = OverlayLock.take(overlay, locking, "");
    try {
      Optional<Line> line =
          overlay.kind() == OverlayFacts.Kind.DIRECTORY
              ? LineFile.ofOverlay(overlay.path())
              : Optional.empty();
      if (line.isPresent()) {
        delete(line.get());
      } else {
        NewFile aside = NewFile.of(overlay.path());
        moving.accept(aside);
        move(aside.target(), aside.partial());
        if (overlay.kind() == OverlayFacts.Kind.EXT3) {
          ManifestFile.ofImage(overlay.path()).deleteOrphan();
        }
        removal.remove(aside.partial());
      }
    } finally {
      lock.closeForGood();
    }
  }

  private void delete(Line line) {
    LayerStore store = line.store();
    OverlayLock lock = store.lock(locking);
    boolean unused = false;
    try {
      // as a whole: half of an overlay would be taken for one
      Path aside = store.directory().resolve("." + line.id() + ".deleted");
      move(line.overlay(), aside);
      store.forget(line);
      removal.remove(aside);
      unused = store.collect(removal);
    } finally {
      if (unused) {
        lock.closeForGood();
        removal.remove(store.directory());
      } else {
        lock.close();
      }
    }
  }

  /** Deleting what a user has is allowed only where it plainly is an overlay. */
  private static OverlayFacts requireOverlay(Path path) {
    if (Files.isSymbolicLink(path)) {
      throw new InvalidSpecException(
          "will not delete " + path + ": it is a symbolic link; give what it leads to");
    }
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      Set<String> names = names(path);
      names.removeIf(Lines::isUnfinished);
      names.removeAll(Set.of(ManifestFile.NAME, OverlayLock.NAME, Leases.NAME, LineFile.NAME));
      if (!names.equals(Set.of("upper", "work"))) {
        throw new InvalidSpecException(
            "will not delete "
                + path
                + ": it holds "
                + names
                + " besides what makes an overlay; delete it yourself");
      }
    }
    OverlayFacts overlay = new OverlayReader().read(Overlay.at(path));
    if (overlay.kind() != OverlayFacts.Kind.DIRECTORY && overlay.kind() != OverlayFacts.Kind.EXT3) {
      throw new InvalidSpecException(
          "will not delete " + path + ": it is no ext3 overlay; delete it yourself");
    }
    return overlay;
  }

  /** What somebody was making in an overlay who was killed: it has no name of its own yet. */
  private static boolean isUnfinished(String name) {
    return NewFile.isPartial(Path.of(name))
        && Stream.of("upper", "import", "neutral", LineFile.NAME, ManifestFile.NAME)
            .anyMatch(made -> name.startsWith("." + made + "."));
  }

  private static Set<String> names(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .map(entry -> entry.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    } catch (IOException e) {
      throw new InvalidSpecException("cannot read " + directory + ": " + e, e);
    }
  }

  private static Snapshot seen(Frozen layer, List<Path> overlays) {
    return new Snapshot(layer.id(), layer.parent(), layer.taken(), layer.message(), overlays);
  }

  private static Frozen find(Line line, String beginning) {
    List<Frozen> found =
        line.store().snapshots().stream()
            .filter(layer -> layer.id().startsWith(beginning))
            .toList();
    if (beginning.isEmpty() || found.size() != 1) {
      throw new InvalidSpecException(
          "the overlay "
              + line.overlay()
              + " has "
              + (found.isEmpty() ? "no" : "more than one")
              + " snapshot \""
              + beginning
              + "\"; overlay log lists them");
    }
    return found.get(0);
  }

  private static Path directory(Path path) {
    Found found = Found.at(path, Subject.OVERLAY);
    if (!found.directory()) {
      throw new UnsupportedException(
          "snapshots are taken of directory overlays, and "
              + found.path()
              + " is a file; make one of it with overlay export and overlay import");
    }
    return found.path();
  }

  private static Line requireFrozen(Path overlay) {
    return LineFile.ofOverlay(overlay).orElseThrow(() -> neverFrozen(overlay));
  }

  private static InvalidSpecException neverFrozen(Path overlay) {
    return new InvalidSpecException(
        "the overlay " + overlay + " has no snapshots; overlay snapshot takes the first");
  }

  private static boolean isEmpty(Line line) {
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(line.overlay().resolve("upper"))) {
      return !entries.iterator().hasNext();
    } catch (IOException e) {
      throw new OverlayException("cannot read " + line.overlay() + ": " + e, e);
    }
  }

  /** Does something with an overlay that nobody writes to. */
  private <T> T locked(Path overlay, Function<Line, T> work) {
    OverlayLock lock =
        OverlayLock.take(
            new OverlayFacts(OverlayFacts.Kind.DIRECTORY, overlay, Access.READ_WRITE), locking, "");
    try {
      names(overlay).stream()
          .filter(Lines::isUnfinished)
          .forEach(name -> removal.remove(overlay.resolve(name)));
      Line line = Line.of(overlay);
      if (line.below().isPresent()) {
        line = settle(line);
      }
      new OverlayReader().read(Overlay.at(overlay));
      return work.apply(line);
    } finally {
      lock.close();
    }
  }

  private <T> T inStore(Line line, Supplier<T> work) {
    OverlayLock lock = line.store().lock(locking);
    try {
      return work.get();
    } finally {
      lock.close();
    }
  }

  /** Does what is left to do when an {@code upper} has become a layer. */
  private static Line settle(Line line) {
    Line settled = line.on(line.settled());
    if (!settled.equals(line)) {
      LineFile.write(settled);
    }
    if (!Line.hasUpper(line.overlay())) {
      Uppers.make(line.overlay(), settled.below().map(id -> line.store().frozen(id).directory()));
    }
    return settled;
  }

  private static void move(Path from, Path to) {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new OverlayException("cannot move " + from + " to " + to + ": " + e, e);
    }
  }
}
