package io.overlaysdk.engine;

import io.overlaysdk.Change;
import io.overlaysdk.Changes;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Image;
import io.overlaysdk.LayerReport;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.RebaseReport;
import io.overlaysdk.RebaseReport.Conflict;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.UnsupportedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Puts what an overlay changes in one image on another one. The way leads through a layer archive,
 * which says what is hidden rather than how a driver hides it from one image.
 */
final class Rebase {
  private final LayerReading reading;
  private final Archive archive;
  private final Launcher launcher;
  private final Function<String, Scratch> scratches;

  Rebase(
      LayerReading reading,
      Archive archive,
      Launcher launcher,
      Function<String, Scratch> scratches) {
    this.reading = reading;
    this.archive = archive;
    this.launcher = launcher;
    this.scratches = scratches;
  }

  /**
   * @param spec the image that the overlay was made on, and the overlay
   * @param force whether the overlay's changes win where both have changed something
   */
  RebaseReport run(SessionSpec spec, Image onto, Path place, boolean force) {
    NewFile target = NewFile.at(place);
    return reading.lock(spec).during(() -> run(spec, onto, place, target, force));
  }

  private RebaseReport run(
      SessionSpec spec, Image onto, Path place, NewFile target, boolean force) {
    Conflicts ours = new Conflicts();
    try (HeldChanges changes = changes(spec)) {
      changes.forEach(ours::add);
    }
    SortedMap<ContainerPath, Conflict> conflicts = new TreeMap<>();
    Facts facts = Facts.withoutDialects();
    try (HeldChanges theirs =
        reading.between(facts.of(spec.image()), facts.of(onto), launcher, scratches)) {
      for (Change change : theirs) {
        ours.with(change).ifPresent(conflict -> conflicts.put(conflict.path(), conflict));
      }
    }
    if (!conflicts.isEmpty() && !force) {
      return report(conflicts, Optional.empty());
    }
    try (Scratch scratch = scratches.apply("rebase of " + spec.overlays())) {
      scratch.beside(target);
      make(spec, onto, target.partial(), scratch);
      hidden(spec, onto, target.partial(), ours, conflicts);
      if (!conflicts.isEmpty() && !force) {
        return report(conflicts, Optional.empty());
      }
      Files.move(target.partial(), target.target(), StandardCopyOption.ATOMIC_MOVE);
      return report(conflicts, Optional.of(Overlay.at(place)));
    } catch (IOException e) {
      throw new OverlayException("cannot make the overlay " + place + ": " + e, e);
    }
  }

  private HeldChanges changes(SessionSpec spec) {
    return reading.atRest(spec, Changes.Detail.EVERY_ENTRY, launcher, scratches);
  }

  private void make(SessionSpec spec, Image onto, Path made, Scratch scratch) {
    Path layer = scratch.directory().resolve("layer.tar");
    LayerReport written = archive.export(spec, layer, Optional.empty());
    if (!written.skipped().isEmpty()) {
      throw new UnsupportedException(
          "cannot rebase " + spec.overlays() + ": it holds sockets: " + written.skipped());
    }
    archive.unpack(layer, on(spec, onto, made));
  }

  private static SessionSpec on(SessionSpec spec, Image onto, Path made) {
    SessionSpec moved = SessionSpec.on(onto).overlay(Overlay.at(made));
    return spec.isFakeroot() ? moved.fakeroot() : moved;
  }

  /** A directory that was deleted and made anew hides also what only the new image has in it. */
  private void hidden(
      SessionSpec spec,
      Image onto,
      Path made,
      Conflicts ours,
      SortedMap<ContainerPath, Conflict> conflicts) {
    try (HeldChanges changes = changes(on(spec, onto, made))) {
      for (Change change : changes) {
        if (change.kind() == Change.Kind.DELETED && !ours.has(change.path())) {
          conflicts.putIfAbsent(
              change.path(), new Conflict(change.path(), Change.Kind.ADDED, change));
        }
      }
    }
  }

  private static RebaseReport report(
      SortedMap<ContainerPath, Conflict> conflicts, Optional<Overlay> made) {
    return new RebaseReport(List.copyOf(conflicts.values()), made);
  }
}
