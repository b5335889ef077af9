package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.Configuration;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.oci.Compression;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/** Overlays as layers of OCI images, and back. */
final class Archive {
  private final Host host;
  private final Configuration configuration;
  private final Launcher launcher;
  private final Ledger ledger;
  private final UnpackedImages images;
  private final Function<String, Scratch> scratches;

  Archive(
      Host host,
      Configuration configuration,
      Launcher launcher,
      Ledger ledger,
      UnpackedImages images,
      Function<String, Scratch> scratches) {
    this.host = host;
    this.configuration = configuration;
    this.launcher = launcher;
    this.ledger = ledger;
    this.images = images;
    this.scratches = scratches;
  }

  /**
   * Writes the topmost overlay.
   *
   * @param latest the value of SOURCE_DATE_EPOCH
   */
  LayerReport export(SessionSpec spec, Path target, Optional<String> latest) {
    Compression.of(target);
    requireFree(target);
    Facts facts = Facts.withoutDialects();
    topmost(spec);
    List<OverlayFacts> overlays =
        spec.overlays().stream().map(overlay -> facts.of(LayerReading.kept(overlay))).toList();
    ImageFacts image = facts.of(spec.image());
    Overlaps.check(image, overlays);
    Planner.requireBases(spec, image, overlays);
    Job.Export job =
        new Job.Export(
            LayerSource.joined(images.readable(image), overlays),
            owning(spec),
            target.toAbsolutePath(),
            latest);
    return work("export of " + spec.overlays(), (worker, scratch) -> worker.export(job));
  }

  private static void requireFree(Path target) {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new InvalidSpecException(
          "the layer would be written to \"" + target + "\", which exists; choose another name");
    }
  }

  private Owning owning(SessionSpec spec) {
    return Owning.of(spec.isFakeroot(), host.identity());
  }

  private static Overlay topmost(SessionSpec spec) {
    List<Overlay> overlays = spec.overlays();
    if (overlays.isEmpty()) {
      throw new InvalidSpecException(
          "nothing changes " + spec.image() + ": name the overlay that the layer is of");
    }
    return overlays.get(overlays.size() - 1);
  }

  private LayerReport work(String what, BiFunction<LayerWorker, Scratch, LayerReport> work) {
    try (Scratch scratch = scratches.apply(what)) {
      return work.apply(
          new LayerWorker(host, configuration, launcher, scratch.directory(), scratch::started),
          scratch);
    }
  }

  /** Fills the topmost overlay, which is empty or not there. */
  LayerReport unpack(Path archive, SessionSpec spec) {
    Overlay top = topmost(spec);
    if (top.isEphemeral() || top.access() == Access.READ_ONLY) {
      throw new InvalidSpecException(
          "a layer is imported into an overlay that can be written to and is kept, not into "
              + top);
    }
    Path path = top.path().orElseThrow();
    Path file = file(archive);
    Facts facts = Facts.withoutDialects();
    List<OverlayFacts> all = new ArrayList<>();
    for (Overlay overlay : spec.overlays().subList(0, spec.overlays().size() - 1)) {
      all.add(facts.of(LayerReading.kept(overlay)));
    }
    ImageFacts image = facts.of(spec.image());
    List<LayerSource> lowers = LayerSource.of(images.readable(image), all);
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      OverlayMaker.requireFree(path);
      Overlaps.check(image, all);
      Planner.requireBases(spec, image, all);
      LayerReport report = work(spec, lowers, file, path.toAbsolutePath(), path, Job.Into.NEW);
      ledger.imported(facts.of(top), image);
      return report;
    }
    OverlayFacts found = facts.of(top);
    all.add(found);
    Overlaps.check(image, all);
    Planner.requireBases(spec, image, all);
    OverlayLock lock = OverlayLock.take(found, host, "");
    try {
      LayerReport report = into(found, path, spec, lowers, file);
      ledger.imported(found, image);
      return report;
    } finally {
      lock.close();
    }
  }

  private LayerReport into(
      OverlayFacts found, Path named, SessionSpec spec, List<LayerSource> lowers, Path file) {
    if (found.kind() == OverlayFacts.Kind.DIRECTORY) {
      OverlayMaker.complete(List.of(found));
      return work(spec, lowers, file, found.path(), named, Job.Into.DIRECTORY);
    }
    try (ImageCopy copy = ImageCopy.of(found.path(), host, scratches)) {
      LayerReport report = work(spec, lowers, file, copy.path(), named, Job.Into.EXT3);
      // whoever has it mounted by now would write to what is no overlay any more
      Facts.withoutDialects().of(Overlay.at(found.path()));
      copy.replace();
      return report;
    }
  }

  /**
   * Makes one layer of several.
   *
   * @param layers those that lie on the image of {@code spec}, bottom to top
   * @param target a directory overlay that is not there yet, or an image in which nothing is
   */
  void merge(List<Overlay> layers, SessionSpec spec, Path target) {
    Facts facts = Facts.withoutDialects();
    List<OverlayFacts> all = layers.stream().map(facts::of).toList();
    ImageFacts image = facts.of(spec.image());
    Planner.requireBases(spec, image, all);
    try (Scratch scratch = scratches.apply("flattening of " + spec.overlays())) {
      LayerWorker worker =
          new LayerWorker(host, configuration, launcher, scratch.directory(), scratch::started);
      Path tar = scratch.directory().resolve("layer.tar");
      LayerReport report =
          worker.export(new Job.Export(LayerSource.one(all), owning(spec), tar, Optional.empty()));
      if (!report.skipped().isEmpty()) {
        throw new UnsupportedException(
            "cannot flatten " + spec.overlays() + ": it holds sockets: " + report.skipped());
      }
      List<LayerSource> lowers = LayerSource.of(images.readable(image), List.of());
      Job.Into into = Files.isRegularFile(target) ? Job.Into.EXT3 : Job.Into.NEW;
      worker.unpack(new Job.Import(lowers, owning(spec), tar, target, target, into));
    }
  }

  private static Path file(Path archive) {
    Found found = Found.at(archive, Subject.LAYER);
    if (found.directory()) {
      throw new InvalidSpecException(
          "the layer " + found.path() + " is a directory; give a tar archive");
    }
    return found.path();
  }

  private LayerReport work(
      SessionSpec spec,
      List<LayerSource> lowers,
      Path file,
      Path overlay,
      Path named,
      Job.Into into) {
    Job.Import job = new Job.Import(lowers, owning(spec), file, overlay, named, into);
    return work("import of " + file, (worker, scratch) -> worker.unpack(job));
  }
}
