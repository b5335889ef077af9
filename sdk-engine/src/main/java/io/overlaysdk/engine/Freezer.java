package io.overlaysdk.engine;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.overlaysdk.Configuration;
import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;

/** Makes squashfs overlays of others, to be shared, and directories of those again. */
final class Freezer {
  private final Locking locking;
  private final Host host;
  private final Configuration configuration;
  private final Launcher launcher;
  private final Ledger ledger;
  private final UnpackedImages images;
  private final Function<String, Scratch> scratches;

  Freezer(
      Locking locking,
      Configuration configuration,
      Launcher launcher,
      Ledger ledger,
      UnpackedImages images,
      Function<String, Scratch> scratches) {
    this.locking = locking;
    this.host = locking.host();
    this.configuration = configuration;
    this.launcher = launcher;
    this.ledger = ledger;
    this.images = images;
    this.scratches = scratches;
  }

  /**
   * Makes a squashfs of the topmost overlay.
   *
   * @param latest nothing in it is younger than this, seconds since 1970
   */
  LayerReport freeze(SessionSpec spec, NewFile file, OptionalLong latest) {
    List<Overlay> overlays = spec.overlays();
    if (overlays.isEmpty()) {
      throw new InvalidSpecException("no overlay is named that could be frozen");
    }
    Overlay top = overlays.get(overlays.size() - 1);
    LayerReading.kept(top);
    Facts facts = Facts.withoutDialects();
    List<OverlayFacts> all = new ArrayList<>();
    for (Overlay overlay : overlays.subList(0, overlays.size() - 1)) {
      all.add(facts.of(LayerReading.kept(overlay)));
    }
    OverlayFacts overlay = facts.of(top);
    all.add(overlay);
    ImageFacts image = facts.of(spec.image());
    Overlaps.check(image, all);
    Planner.requireBases(spec, image, all);
    return OverlayLocks.read(all, locking)
        .during(() -> frozen(spec, image, all, overlay, file, latest));
  }

  private LayerReport frozen(
      SessionSpec spec,
      ImageFacts image,
      List<OverlayFacts> all,
      OverlayFacts overlay,
      NewFile file,
      OptionalLong latest) {
    try (Scratch scratch = scratches.apply("freezing of " + spec.overlays())) {
      scratch.beside(file);
      OverlayMaker.complete(List.of(overlay));
      List<LayerSource> layers = LayerSource.joined(images.readable(image), all);
      Owning owning = Owning.of(spec.isFakeroot(), host.identity());
      LayerReport report =
          worker(scratch).freeze(new Job.Freeze(layers, owning, file.partial(), latest));
      ledger.frozen(file, overlay, image, scratch);
      file.sync();
      file.appear();
      return report;
    }
  }

  private LayerWorker worker(Scratch scratch) {
    return new LayerWorker(host, configuration, launcher, scratch.directory(), scratch::started);
  }

  /** Makes a directory overlay of a squashfs. */
  Overlay thaw(Path frozen, Path target) {
    NewFile place = NewFile.at(target);
    OverlayFacts facts = Facts.withoutDialects().of(Overlay.at(frozen).readOnly());
    if (facts.kind() != OverlayFacts.Kind.SQUASHFS) {
      throw new InvalidSpecException(
          "the overlay "
              + facts.path()
              + " is not frozen: it is no squashfs image, but can be written to as it is");
    }
    Optional<Manifest> known = ManifestFile.of(facts).flatMap(ManifestFile::read);
    Path partial = place.partial();
    try (Scratch scratch = scratches.apply("thawing of " + facts.path())) {
      scratch.beside(place);
      Files.createDirectory(partial, Modes.PRIVATE);
      Path upper = partial.resolve("upper");
      new Unsquashing(host, configuration, launcher).run(facts.path(), upper, scratch::started);
      if (!Files.isDirectory(upper, NOFOLLOW_LINKS)) {
        throw new CorruptOverlayException("there is no directory in " + facts.path());
      }
      ledger.complete(
          partial, known.orElseGet(() -> ledger.empty().in(dialects(partial, scratch))));
      Files.move(partial, place.target(), StandardCopyOption.ATOMIC_MOVE);
      return Overlay.at(target);
    } catch (IOException e) {
      throw new OverlayException(
          "cannot thaw " + facts.path() + " to " + place.target() + ": " + e, e);
    }
  }

  private Set<Dialect> dialects(Path directory, Scratch scratch) {
    LayerSource source = new LayerSource(directory, LayerSource.Format.DIRECTORY, 0, false, true);
    Owning owning = Owning.of(true, host.identity());
    return worker(scratch).dialects(new Job.FindDialects(List.of(source), owning));
  }
}
