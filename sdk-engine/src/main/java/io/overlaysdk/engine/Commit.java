package io.overlaysdk.engine;

import io.overlaysdk.CommitMode;
import io.overlaysdk.CommitReport;
import io.overlaysdk.Configuration;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Makes a new image of an image and overlays. It appears whole or not at all. */
final class Commit {
  private final Locking locking;
  private final Host host;
  private final Configuration configuration;
  private final Launcher launcher;
  private final UnpackedImages images;
  private final DigestMemory digests;
  private final Function<String, Scratch> scratches;
  private volatile @Nullable Path writing;

  Commit(
      Locking locking,
      Configuration configuration,
      Launcher launcher,
      UnpackedImages images,
      DigestMemory digests,
      Function<String, Scratch> scratches) {
    this.locking = locking;
    this.host = locking.host();
    this.configuration = configuration;
    this.launcher = launcher;
    this.images = images;
    this.digests = digests;
    this.scratches = scratches;
  }

  /** What the target is to be: its name says it. */
  private enum Kind {
    SIF,
    OCI,
    DIRECTORY;

    static Kind of(Path target) {
      String name = String.valueOf(target.getFileName());
      return name.endsWith(".sif") ? SIF : name.endsWith(".tar") ? OCI : DIRECTORY;
    }
  }

  /**
   * All that is known before anything is done.
   *
   * @param latest the value of SOURCE_DATE_EPOCH
   */
  private record Order(
      ImageFacts image,
      List<OverlayFacts> overlays,
      Path target,
      Path partial,
      CommitMode mode,
      Owning owning,
      Optional<String> latest) {
    Job.Pack job(List<LayerSource> layers, Path to, Job.Product product, String line) {
      return new Job.Pack(layers, owning, to, product, latest, line);
    }

    /** Seconds since 1970. */
    Optional<Long> time() {
      return latest.map(CommitHistory::seconds);
    }
  }

  /**
   * @param latest the value of SOURCE_DATE_EPOCH
   */
  CommitReport run(SessionSpec spec, Path target, CommitMode mode, Optional<String> latest) {
    Path to = target.toAbsolutePath().normalize();
    requireFree(to);
    Facts facts = Facts.withoutDialects();
    List<OverlayFacts> overlays =
        spec.overlays().stream().map(overlay -> facts.of(LayerReading.kept(overlay))).toList();
    if (overlays.isEmpty()) {
      throw new InvalidSpecException(
          "nothing changes " + spec.image() + ": name the overlays that are committed");
    }
    ImageFacts image = facts.of(spec.image());
    require(image, to, mode);
    // whatever cannot be read is refused before anything is done
    LayerSource.of(image, overlays);
    // neither is a wrong time found out in the end
    latest.ifPresent(CommitHistory::seconds);
    Overlaps.check(image, overlays);
    Planner.requireBases(spec, image, overlays);
    Owning owning = Owning.of(spec.isFakeroot(), host.identity());
    return OverlayLocks.read(overlays, locking)
        .during(
            () -> {
              try (Scratch scratch = scratches.apply("commit to " + to)) {
                NewFile file = NewFile.at(to);
                scratch.beside(file);
                writing = file.partial();
                return run(new Order(image, overlays, to, writing, mode, owning, latest), scratch);
              }
            });
  }

  /** How large the file has become that is being written. */
  long written() {
    Path file = writing;
    return file == null || Files.isDirectory(file) ? 0 : Listeners.sizeOf(file).getAsLong();
  }

  private static void requireFree(Path target) {
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new InvalidSpecException(
          "the image would be written to \"" + target + "\", which exists; choose another name");
    }
    Path parent = target.getParent();
    Exhaustion.requireWritable("cannot make the image " + target, parent);
    if (parent == null || !Files.isDirectory(parent) || !Files.isWritable(parent)) {
      throw new InvalidSpecException(
          "the image would be written to \""
              + target
              + "\", but "
              + parent
              + " is not a directory that you can write to");
    }
  }

  private static void require(ImageFacts image, Path target, CommitMode mode) {
    if (image.kind() == ImageFacts.Kind.HOST) {
      throw new UnsupportedException(
          "the machine itself is no image that could be committed; export the overlay as a layer");
    }
    if (mode == CommitMode.LAYERED) {
      if (image.kind() != ImageFacts.Kind.SIF) {
        throw new UnsupportedException(
            "only a SIF takes layers, and "
                + image.location()
                + " is none; make one file system of it and the overlays (flatten)");
      }
      if (Kind.of(target) != Kind.SIF) {
        throw new InvalidSpecException(
            "a SIF with layers is written to a file that ends in .sif, not to " + target);
      }
    }
  }

  private CommitReport run(Order order, Scratch scratch) {
    try {
      LayerWorker worker =
          new LayerWorker(host, configuration, launcher, scratch.directory(), scratch::started);
      CommitHistory history =
          CommitHistory.of(
              order.image(), digests.ofImage(order.image().path()), order.mode(), order.latest());
      CommitReport report =
          order.mode() == CommitMode.LAYERED
              ? new CommitLayers(host, worker, scratch).run(layers(order), history)
              : flatten(order, history, worker);
      publish(order.partial(), order.target());
      return report;
    } catch (IOException e) {
      throw new OverlayException("cannot write " + order.target() + ": " + e, e);
    }
  }

  private static CommitLayers.Order layers(Order order) {
    return new CommitLayers.Order(
        order.image(), order.overlays(), order.partial(), order.owning(), order.latest());
  }

  private CommitReport flatten(Order order, CommitHistory history, LayerWorker worker)
      throws IOException {
    Kind kind = Kind.of(order.target());
    Job.Product product =
        switch (kind) {
          case SIF -> Job.Product.SIF;
          case OCI -> Job.Product.OCI;
          case DIRECTORY -> Job.Product.DIRECTORY;
        };
    List<LayerSource> sources = LayerSource.of(images.readable(order.image()), order.overlays());
    Packed packed =
        worker.pack(order.job(sources, order.partial(), product, history.line(order.overlays())));
    List<String> warnings = new ArrayList<>();
    switch (kind) {
      case SIF -> warnings.addAll(completeSif(order, packed));
      case OCI ->
          OciImage.complete(
              order.partial(),
              packed,
              history,
              SifFile.architecture(order.image(), host.architecture()));
      case DIRECTORY -> {}
    }
    return history.report(packed.report(), warnings);
  }

  private List<String> completeSif(Order order, Packed packed) throws IOException {
    Path file = order.partial();
    long length = Files.size(file) - SifFile.PARTITION_START;
    String architecture = SifFile.architecture(order.image(), host.architecture());
    List<String> warnings = new ArrayList<>();
    String digest = Digests.ofEnds(file);
    if (order.image().kind() == ImageFacts.Kind.SIF) {
      try (SifFile base = SifFile.read(order.image().path());
          SifFile sif = SifFile.create(file, architecture, order.time().orElseGet(base::created))) {
        sif.addLasting(base, !packed.metadata());
        complete(sif, length, architecture, digest);
        if (base.isSigned()) {
          warnings.add(CommitHistory.unsigned(order.image()));
        }
      }
    } else {
      try (SifFile sif = SifFile.create(file, architecture, order.time().orElse(0L))) {
        complete(sif, length, architecture, digest);
      }
    }
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    requireRoot(file, length);
    return warnings;
  }

  private static void complete(SifFile sif, long length, String architecture, String digest)
      throws IOException {
    sif.addRoot(length, architecture);
    sif.identify(digest);
    sif.finish();
  }

  /** Read as any other SIF is. */
  private static void requireRoot(Path file, long length) {
    ImageFacts facts = new ImageReader().read(Image.at(file));
    boolean there =
        facts
            .root()
            .filter(root -> root.offset() == SifFile.PARTITION_START && root.size() == length)
            .isPresent();
    if (!there || !facts.overlays().isEmpty()) {
      throw new OverlayException("the SIF that was written does not hold its root: " + facts);
    }
  }

  /** A file gets its name where nothing has it; a directory takes the place of nothing. */
  private static void publish(Path partial, Path target) throws IOException {
    if (Files.isDirectory(partial)) {
      requireFree(target);
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
      return;
    }
    try {
      Files.createLink(target, partial);
    } catch (FileAlreadyExistsException e) {
      requireFree(target);
      throw e;
    }
  }
}
