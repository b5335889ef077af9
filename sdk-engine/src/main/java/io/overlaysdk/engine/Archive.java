package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.Configuration;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.oci.Compression;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Overlays as layers of OCI images, and back. */
final class Archive {
  /** In a directory that is deleted as a whole. */
  private static final String WORKSHOP = ".import";

  private final Locking locking;
  private final Host host;
  private final Configuration configuration;
  private final Launcher launcher;
  private final Ledger ledger;
  private final UnpackedImages images;
  private final Function<String, Scratch> scratches;

  Archive(
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
    List<LayerSource> layers = LayerSource.joined(images.readable(image), overlays);
    return OverlayLocks.read(overlays, locking).during(() -> export(spec, layers, target, latest));
  }

  private LayerReport export(
      SessionSpec spec, List<LayerSource> layers, Path target, Optional<String> latest) {
    try (Scratch scratch = scratches.apply("export of " + spec.overlays())) {
      // its name says how it is compressed
      Path file = workshop(NewFile.of(target), scratch).resolve(target.getFileName());
      LayerReport report =
          worker(scratch).export(new Job.Export(layers, owning(spec), file, latest));
      Files.createLink(target, file);
      return report;
    } catch (FileAlreadyExistsException e) {
      throw exists(target);
    } catch (IOException e) {
      throw new OverlayException("cannot write the layer " + target + ": " + e, e);
    }
  }

  /** A directory beside what is made in it. */
  private static Path workshop(NewFile target, Scratch scratch) throws IOException {
    scratch.beside(target);
    return Files.createDirectory(target.partial(), Modes.PRIVATE);
  }

  private static void requireFree(Path target) {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw exists(target);
    }
  }

  private static InvalidSpecException exists(Path target) {
    return new InvalidSpecException(
        "the layer would be written to \"" + target + "\", which exists; choose another name");
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

  private LayerWorker worker(Scratch scratch) {
    return new LayerWorker(host, configuration, launcher, scratch.directory(), scratch::started);
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
      return OverlayLocks.read(all, locking).during(() -> intoNew(spec, lowers, file, path, image));
    }
    OverlayFacts found = facts.of(top);
    all.add(found);
    Overlaps.check(image, all);
    Planner.requireBases(spec, image, all);
    return OverlayLocks.take(all, locking, "")
        .during(
            () -> {
              try (Scratch scratch = scratches.apply("import of " + file)) {
                return found.kind() == OverlayFacts.Kind.DIRECTORY
                    ? intoDirectory(found, image, scratch, job(spec, lowers, file, path))
                    : intoImage(found, image, scratch, job(spec, lowers, file, path));
              }
            });
  }

  private LayerReport intoNew(
      SessionSpec spec, List<LayerSource> lowers, Path file, Path path, ImageFacts image) {
    Path target = path.toAbsolutePath().normalize();
    try (Scratch scratch = scratches.apply("import of " + file)) {
      Path made = workshop(NewFile.of(target), scratch).resolve("overlay");
      LayerReport report =
          worker(scratch).unpack(job(spec, lowers, file, path).into(made, WORKSHOP, Job.Into.NEW));
      OverlayLock.makeIn(made);
      ledger.imported(Facts.withoutDialects().of(Overlay.at(made)), image, scratch);
      OverlayMaker.requireFree(path);
      Files.move(made, target, StandardCopyOption.ATOMIC_MOVE);
      return report;
    } catch (IOException e) {
      throw new OverlayException("cannot make the overlay " + target + ": " + e, e);
    }
  }

  /** Without the place, which is not known yet. */
  private interface ImportJob {
    Job.Import into(Path overlay, String workshop, Job.Into into);
  }

  private ImportJob job(SessionSpec spec, List<LayerSource> lowers, Path file, Path named) {
    return (overlay, workshop, into) ->
        new Job.Import(lowers, owning(spec), file, overlay, named, workshop, into);
  }

  private LayerReport intoDirectory(
      OverlayFacts overlay, ImageFacts image, Scratch scratch, ImportJob job) {
    OverlayMaker.complete(List.of(overlay));
    String workshop = scratch.beside(overlay.path().resolve("import")).getFileName().toString();
    return ledger.imported(
        overlay,
        image,
        scratch,
        overlay.path().resolve("upper"),
        () -> worker(scratch).unpack(job.into(overlay.path(), workshop, Job.Into.DIRECTORY)));
  }

  private LayerReport intoImage(
      OverlayFacts overlay, ImageFacts image, Scratch scratch, ImportJob job) {
    try (ImageCopy copy = ImageCopy.of(overlay.path(), host, scratches)) {
      LayerReport report = worker(scratch).unpack(job.into(copy.path(), WORKSHOP, Job.Into.EXT3));
      return ledger.imported(
          overlay,
          image,
          copy.scratch(),
          copy.path(),
          () -> {
            copy.replace();
            return report;
          });
    }
  }

  /**
   * Makes one layer of several.
   *
   * @param layers those that lie on the image of {@code spec}, bottom to top
   * @param file where the layer is to be; it is made in the directory beside
   * @param empty an image in which nothing is, which gets what they hold; empty where a directory
   *     is to be made
   * @return where it has been made
   */
  Path merge(
      List<Overlay> layers, SessionSpec spec, NewFile file, Optional<Path> empty, Scratch scratch) {
    Facts facts = Facts.withoutDialects();
    List<OverlayFacts> all = layers.stream().map(facts::of).toList();
    ImageFacts image = facts.of(spec.image());
    Planner.requireBases(spec, image, all);
    Path tar = scratch.directory().resolve("layer.tar");
    LayerReport report =
        worker(scratch)
            .export(new Job.Export(LayerSource.one(all), owning(spec), tar, Optional.empty()));
    if (!report.skipped().isEmpty()) {
      throw new UnsupportedException(
          "cannot flatten " + spec.overlays() + ": it holds sockets: " + report.skipped());
    }
    List<LayerSource> lowers = LayerSource.of(images.readable(image), List.of());
    try {
      Job.Into into = empty.isPresent() ? Job.Into.EXT3 : Job.Into.NEW;
      Path made = empty.isPresent() ? empty.get() : workshop(file, scratch).resolve("layer");
      worker(scratch).unpack(new Job.Import(lowers, owning(spec), tar, made, made, WORKSHOP, into));
      return empty.isPresent() ? file.partial() : made;
    } catch (IOException e) {
      throw new OverlayException("cannot make the layer " + file.target() + ": " + e, e);
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
}
