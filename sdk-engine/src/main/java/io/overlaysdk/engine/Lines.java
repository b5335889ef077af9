package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayBusyException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.PolicyException;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Snapshot;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Snapshots of overlays, and what becomes of them: {@link Top} is what differs between a directory
 * and an image. Each operation is one rename: what is written before it says what it will mean, and
 * what comes after it anybody can do who finds it undone.
 */
final class Lines {
  /**
   * Apptainer 1.4.5 mounts no more than some 45 read-only layers, and says something else; a few
   * are the image's and the session's.
   */
  private static final int MOST_LAYERS = 40;

  /** In the journal: where there may be no overlay, but something that is told of it. */
  private static final String LEFT = "left";

  /** Likewise of an image, beside which that lies. */
  private static final String LEFT_IMAGE = "left-image";

  private final Locking locking;
  private final Removal removal;
  private final Ledger ledger;
  private final EmptyImages images;
  private final Journal journal;
  private final Consumer<AutoCloseable> later;

  /**
   * @param later is given what could not be swept when something had failed, to try it again
   */
  Lines(
      Locking locking,
      Removal removal,
      Ledger ledger,
      EmptyImages images,
      Journal journal,
      Consumer<AutoCloseable> later) {
    this.locking = locking;
    this.removal = removal;
    this.ledger = ledger;
    this.images = images;
    this.journal = journal;
    this.later = later;
  }

  /** Makes one layer of several. */
  interface Merging {
    /**
     * @param layers bottom to top
     * @param file where the layer is to be
     * @param empty the image that is to hold what they do; empty where a directory is
     * @return the directory in which it has been made
     */
    Path merge(List<Overlay> layers, NewFile file, Optional<Path> empty);
  }

  /** The same session, with the layers below its overlays named. */
  SessionSpec expand(SessionSpec spec) {
    List<Overlay> all = new ArrayList<>();
    for (Overlay overlay : spec.overlays()) {
      overlay.path().filter(Lines::isFrozen).ifPresent(path -> all.addAll(layers(path)));
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
    if (!Files.exists(path)) {
      return false;
    }
    Found found = Found.at(path, Subject.OVERLAY);
    Path file =
        found.directory() ? found.path().resolve(LineFile.NAME) : LineFile.beside(found.path());
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
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
    Path overlay = overlay(path);
    return journaled(
        "snapshot of " + overlay,
        overlay,
        entry -> locked(overlay, line -> inStore(line, () -> snapshot(line, message))));
  }

  /** Whether no further snapshot is possible before it is flattened. */
  boolean isFull(Path path) {
    return Line.below(overlay(path)).size() >= MOST_LAYERS;
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
    Frozen layer = Frozen.now(line.store(), line.below(), line.below(), message);
    freeze(line, layer, tips(line, layer));
    return seen(layer, List.of(line.overlay()));
  }

  /**
   * Makes what is written to a layer, and puts something empty on what that says.
   *
   * @param tips the snapshots that are to be kept for it
   */
  private Line freeze(Line line, Frozen layer, Set<String> tips) {
    LayerStore store = line.store();
    try (Top top = top(line.overlay())) {
      Line next = top.prepare(line.on(layer.id()), layer.back().map(store::frozen));
      store.add(
          layer,
          file -> {
            top.announce(file.partial());
            return file.partial();
          });
      store.remember(next, tips);
      LineFile.write(next);
      top.take(layer);
      try {
        return settle(next);
      } catch (RuntimeException e) {
        // no room for a new one, say
        top.giveBack(layer);
        throw e;
      }
    }
  }

  /**
   * Puts an overlay on one layer that is what all its layers are together.
   *
   * @param merging makes the layer
   */
  Snapshot flatten(Path path, Merging merging) {
    Path overlay = requireFrozen(overlay(path)).overlay();
    return journaled(
        "layers of " + overlay,
        overlay,
        entry -> locked(overlay, line -> inStore(line, () -> flatten(line, merging))));
  }

  private Snapshot flatten(Line line, Merging merging) {
    String below = line.below().orElseThrow(() -> neverFrozen(line.overlay()));
    List<Frozen> layers = line.frozen();
    Frozen merged = Frozen.now(line.store(), Optional.empty(), Optional.of(below), "flattened");
    line.store().add(merged, file -> merge(line, layers, file, merging));
    line.store().remember(line, tips(line, merged));
    LineFile.write(line.on(merged.id()));
    return seen(merged, List.of(line.overlay()));
  }

  private Path merge(Line line, List<Frozen> layers, NewFile file, Merging merging) {
    try (Top top = top(line.overlay())) {
      Optional<Path> empty = top.ready(file.partial(), layers);
      List<Overlay> overlays =
          layers.stream().map(layer -> Overlay.at(layer.overlay()).readOnly()).toList();
      Path made = merging.merge(overlays, file, empty);
      if (empty.isEmpty()) {
        Modes.set(made, Modes.of(line.overlay()));
      }
      Path overlay = empty.orElse(made);
      layers
          .get(layers.size() - 1)
          .manifest()
          .read()
          .map(manifest -> manifest.in(Set.of()))
          .ifPresent(ManifestFile.ofOverlay(overlay)::write);
      return made;
    }
  }

  /** With this layer instead of the one before it. */
  private static Set<String> tips(Line line, Frozen layer) {
    Set<String> tips = new HashSet<>(line.store().tips(line));
    layer.parent().ifPresent(tips::remove);
    tips.add(layer.id());
    return tips;
  }

  /**
   * @param at the snapshot; empty for the state of now
   */
  Overlay fork(Path path, Optional<String> at, Path target) {
    NewFile end = NewFile.at(target);
    Path overlay = overlay(path);
    if (at.isPresent()) {
      requireFrozen(overlay);
    }
    return journaled(
        "fork of " + overlay,
        overlay,
        entry -> {
          entry.announce("partial", end.partial().toString());
          announceLeft(entry, overlay, end.target());
          if (!Files.isDirectory(overlay)) {
            ImageTop.partials(end).forEach(file -> entry.announce("partial", file.toString()));
          }
          if (at.isPresent()) {
            Line line = requireFrozen(overlay);
            return inStore(line, () -> fork(line, find(line, at.get()).id(), end));
          }
          Line begun = locked(overlay, line -> begin(line, end));
          return inStore(begun, () -> fork(begun, begun.below().orElseThrow(), end));
        });
  }

  /**
   * @param like an overlay of the same kind
   */
  private static void announceLeft(Journal.Entry entry, Path like, Path overlay) {
    entry.announce(Files.isDirectory(like) ? LEFT : LEFT_IMAGE, overlay.toString());
  }

  private Line begin(Line line, NewFile end) {
    if (line.below().isEmpty() || !isEmpty(line.overlay())) {
      inStore(line, () -> snapshot(line, "for the fork " + end.target().getFileName()));
    }
    return Line.of(line.overlay());
  }

  private Overlay fork(Line from, String at, NewFile end) {
    Path target = end.target();
    Path partial = end.partial();
    Line line =
        new Line(target, LayerStore.newId(), from.store(), Optional.of(at), Optional.empty());
    Frozen layer = from.store().frozen(at);
    Manifest manifest = ledger.empty().based(layer.manifest().read().flatMap(Manifest::base));
    try (Top top = top(from.overlay())) {
      Line made = top.fork(line, layer, manifest, end);
      from.store().remember(made, Set.of(at));
      if (Files.isDirectory(partial)) {
        move(partial, target);
      } else {
        end.appear();
      }
      return Overlay.at(target);
    } finally {
      removal.remove(partial);
    }
  }

  /**
   * @param to the snapshot; empty for the one that it lies on
   * @param discard whether what was changed since the last one may go
   */
  void rollback(Path path, Optional<String> to, boolean discard) {
    Path overlay = requireFrozen(overlay(path)).overlay();
    journaled(
        "rollback of " + overlay,
        overlay,
        entry -> locked(overlay, line -> inStore(line, () -> rollback(line, to, discard))));
  }

  private Line rollback(Line line, Optional<String> to, boolean discard) {
    String back =
        find(line, to.or(line::below).orElseThrow(() -> neverFrozen(line.overlay()))).id();
    if (!discard && !isEmpty(line.overlay())) {
      throw new InvalidSpecException(
          "the overlay "
              + line.overlay()
              + " has changes that no snapshot has; take one first (overlay snapshot), or discard"
              + " them (overlay rollback --discard)");
    }
    LayerStore store = line.store();
    Set<String> tips = new HashSet<>(store.tips(line));
    tips.add(back);
    // even where it is empty: its root has the attributes that it has in the snapshot
    Frozen rest = Frozen.now(store, line.below(), line.below(), "").back(Optional.of(back));
    Line done = freeze(line, rest, tips);
    store.collect(removal);
    return done;
  }

  /** All snapshots of the store, of this overlay and of others. */
  List<Snapshot> log(Path path) {
    Optional<Line> line = LineFile.ofOverlay(overlay(path));
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
    OverlayFacts overlay = requireOverlay(path);
    journaled(
        "deletion of " + overlay.path(),
        overlay.path(),
        entry -> {
          delete(overlay, entry);
          return overlay;
        });
  }

  private void delete(OverlayFacts overlay, Journal.Entry entry) {
    OverlayLock lock = OverlayLock.take(overlay, locking, "");
    try {
      Optional<Line> line = LineFile.ofOverlay(overlay.path());
      line.ifPresent(Line::requireItself);
      announceLeft(entry, overlay.path(), overlay.path());
      try (Top top = top(overlay.path())) {
        if (line.isPresent()) {
          delete(line.get());
        } else {
          // as a whole: half of an overlay would be taken for one
          NewFile aside = NewFile.of(overlay.path());
          entry.announce("partial", aside.partial().toString());
          move(aside.target(), aside.partial());
          removal.remove(aside.partial());
        }
        top.forget();
      }
    } finally {
      lock.closeForGood();
    }
  }

  private void delete(Line line) {
    LayerStore store = line.store();
    collecting(
        store,
        () -> {
          move(line.overlay(), store.aside(line.id()));
          return store.sweep(removal, List.of());
        });
  }

  /** Does something with the store, and then deletes what nobody needs of it, or all of it. */
  private <T> T collecting(LayerStore store, Supplier<T> work) {
    OverlayLock lock = store.lock(locking);
    boolean unused = false;
    try {
      T result = work.get();
      unused = store.collect(removal);
      return result;
    } finally {
      if (unused) {
        lock.closeForGood();
        removal.remove(store.directory());
      } else {
        lock.close();
      }
    }
  }

  /** Does something of which {@link #recover} takes away what a kill leaves, or a failure. */
  private <T> T journaled(String what, Path overlay, Function<Journal.Entry, T> work) {
    Path store = Line.of(overlay).store().directory();
    Journal.Entry entry = journal.begin(what);
    try {
      entry.announce("store", store.toString());
      entry.announce("line", overlay.toString());
      T result = work.apply(entry);
      entry.delete();
      return result;
    } catch (RuntimeException e) {
      try {
        end(entry);
      } catch (RuntimeException left) {
        e.addSuppressed(left);
        later.accept(() -> end(entry));
      }
      throw e;
    }
  }

  private void end(Journal.Entry entry) {
    entry.paths("partial").stream().filter(NewFile::isPartial).forEach(removal::remove);
    recover(entry);
    entry.delete();
  }

  /**
   * Ends what was cut off: what is left to do of it is done, and what it made for itself goes. An
   * overlay that is in use again is left to its user; that says nothing of its store.
   *
   * @param entry the record of it
   * @return what has been deleted
   * @throws OverlayBusyException where the store is in use, and knows of an overlay that never
   *     came: only the record tells so, which is needed until then
   * @throws PolicyException likewise where a policy lets nobody lock the store
   */
  List<Path> recover(Journal.Entry entry) {
    List<Path> swept = new ArrayList<>();
    try {
      entry.paths("line").stream()
          .filter(path -> Files.exists(path, LinkOption.NOFOLLOW_LINKS))
          .forEach(path -> locked(path, swept::add, line -> line));
    } catch (OverlayBusyException | PolicyException e) {
      // whoever uses it does the same first
    } finally {
      sweepStores(entry, swept);
    }
    return swept;
  }

  private void sweepStores(Journal.Entry entry, List<Path> swept) {
    List<Path> leftImages = entry.paths(LEFT_IMAGE);
    missing(leftImages).forEach(path -> new ImageTop(path, images).forget());
    List<Path> left = Stream.concat(entry.paths(LEFT).stream(), leftImages.stream()).toList();
    entry.paths("store").stream()
        .filter(LayerStore::isName)
        .filter(store -> Files.isDirectory(store, LinkOption.NOFOLLOW_LINKS))
        .map(LayerStore::new)
        .forEach(store -> swept.addAll(swept(store, left)));
  }

  private List<Path> swept(LayerStore store, List<Path> left) {
    try {
      return collecting(store, () -> store.sweep(removal, left));
    } catch (OverlayBusyException | PolicyException e) {
      if (store.missing(left).isEmpty()) {
        return List.of();
      }
      throw e;
    }
  }

  /** Deleting what a user has is allowed only where it plainly is an overlay. */
  private static OverlayFacts requireOverlay(Path path) {
    if (Files.isSymbolicLink(path)) {
      throw new InvalidSpecException(
          "will not delete " + path + ": it is a symbolic link; give what it leads to");
    }
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      Set<String> names = DirectoryTop.names(path);
      names.removeIf(DirectoryTop::isUnfinished);
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

  private static Path overlay(Path path) {
    Found found = Found.at(path, Subject.OVERLAY);
    if (!found.directory()) {
      requireImage(found);
    }
    return found.path();
  }

  private static void requireImage(Found found) {
    try (RawFile file = RawFile.open(found)) {
      Content content = Content.of(file);
      if (content.kind() != Content.Kind.EXT || content.offset() != 0) {
        throw new UnsupportedException(
            "snapshots are taken of directory overlays and of ext3 images, and "
                + found.path()
                + " is "
                + (content.offset() == 0 ? "" : "one behind a line for the shell: ")
                + content.description());
      }
    }
  }

  private Top top(Path overlay) {
    return Files.isDirectory(overlay, LinkOption.NOFOLLOW_LINKS)
        ? new DirectoryTop(overlay)
        : new ImageTop(overlay, images);
  }

  private static Line requireFrozen(Path overlay) {
    return LineFile.ofOverlay(overlay).orElseThrow(() -> neverFrozen(overlay));
  }

  private static InvalidSpecException neverFrozen(Path overlay) {
    return new InvalidSpecException(
        "the overlay " + overlay + " has no snapshots; overlay snapshot takes the first");
  }

  private boolean isEmpty(Path overlay) {
    try (Top top = top(overlay)) {
      return top.isEmpty();
    }
  }

  private static List<Path> missing(List<Path> paths) {
    return paths.stream().filter(path -> !Files.exists(path, LinkOption.NOFOLLOW_LINKS)).toList();
  }

  /** Does something with an overlay that nobody writes to. */
  private <T> T locked(Path overlay, Function<Line, T> work) {
    return locked(overlay, unfinished -> {}, work);
  }

  /**
   * @param swept is told of what is deleted that somebody did not finish
   */
  private <T> T locked(Path overlay, Consumer<Path> swept, Function<Line, T> work) {
    OverlayFacts facts = facts(overlay);
    boolean image = facts.kind() == OverlayFacts.Kind.EXT3;
    if (image) {
      // from then on it is in use, whoever asks
      new OverlayReader().read(Overlay.at(overlay));
    }
    OverlayLock lock = OverlayLock.take(facts, locking, "");
    try (Top top = top(overlay)) {
      for (Path unfinished : top.unfinished()) {
        removal.remove(unfinished);
        swept.accept(unfinished);
      }
      Line line = Line.of(overlay);
      line.requireItself();
      if (line.below().isPresent()) {
        line = settle(line);
      }
      if (!image) {
        new OverlayReader().read(Overlay.at(overlay));
      }
      return work.apply(line);
    } finally {
      lock.close();
    }
  }

  private OverlayFacts facts(Path overlay) {
    try (Top top = top(overlay)) {
      return new OverlayFacts(top.kind(), overlay, Access.READ_WRITE);
    }
  }

  private <T> T inStore(Line line, Supplier<T> work) {
    OverlayLock lock = line.store().lock(locking);
    try {
      line.store().sweep(removal, List.of());
      return work.get();
    } finally {
      lock.close();
    }
  }

  /** Does what is left to do when what was written to has become a layer. */
  private Line settle(Line line) {
    Line settled = line.settled();
    try (Top top = top(line.overlay())) {
      top.complete(line, settled);
    }
    if (!settled.equals(line)) {
      LineFile.write(settled);
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
