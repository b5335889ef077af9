package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.Configuration;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** Finds out how overlays are marked, and brings them into neutral form. */
final class Converter {
  /** In a copy that is deleted as a whole. */
  private static final String WORKSHOP = ".neutral";

  private final Locking locking;
  private final Host host;
  private final Configuration configuration;
  private final Launcher launcher;
  private final Ledger ledger;
  private final UnpackedImages images;
  private final Function<String, Scratch> scratches;

  Converter(
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

  private Owning owning(SessionSpec spec) {
    return Owning.of(spec.isFakeroot(), host.identity());
  }

  private LayerWorker worker(Scratch scratch) {
    return new LayerWorker(host, configuration, launcher, scratch.directory(), scratch::started);
  }

  /** Facts, with what is found in overlays of which nothing is remembered. */
  Facts facts() {
    return new Facts(this::dialects);
  }

  private Set<Dialect> dialects(OverlayFacts overlay, boolean fakeroot) {
    Owning owning = Owning.of(fakeroot, host.identity());
    LayerSource source = LayerSource.of(overlay);
    if (source.format() == LayerSource.Format.DIRECTORY && isEmpty(source)) {
      return Set.of();
    }
    try (Scratch scratch = scratches.apply("marks in " + overlay.path())) {
      return worker(scratch).dialects(new Job.FindDialects(List.of(source), owning));
    }
  }

  private static boolean isEmpty(LayerSource source) {
    Path root = source.inUpper() ? source.file().resolve("upper") : source.file();
    try {
      return Listings.isEmpty(root);
    } catch (IOException e) {
      // an overlay that is completed later; whatever else is wrong is told when it is read
      return !Files.exists(root);
    }
  }

  /** What a session needs before it can start. */
  void perform(Planner.Planned planned, Scratch scratch) {
    for (Conversion conversion : planned.conversions()) {
      List<OverlayFacts> below = planned.overlays().subList(0, conversion.index());
      if (conversion.inPlace()) {
        inPlace(planned.spec(), planned.image(), below, conversion.from(), scratch);
      } else {
        List<OverlayFacts> layers = new ArrayList<>(below);
        layers.add(conversion.from());
        worker(scratch)
            .neutral(
                new Job.Neutral(
                    LayerSource.of(images.readable(planned.image()), layers),
                    owning(planned.spec()),
                    conversion.to().path(),
                    WORKSHOP,
                    Job.Form.COPY));
      }
    }
  }

  /** Brings the topmost overlay of a spec into neutral form. */
  boolean convert(SessionSpec spec) {
    Top top = top(spec, Facts.withoutDialects());
    OverlayFacts overlay = top.overlay();
    return top.lock(locking)
        .during(
            () -> {
              try (Scratch scratch = scratches.apply("conversion of " + overlay.path())) {
                return inPlace(spec, top.image(), top.below(), overlay, scratch);
              }
            });
  }

  /**
   * The topmost overlay of a spec, which can be written to.
   *
   * @param below what lies between the image and it
   */
  private record Top(ImageFacts image, List<OverlayFacts> below, OverlayFacts overlay) {
    OverlayLocks lock(Locking locking) {
      List<OverlayFacts> all = new ArrayList<>(below);
      all.add(overlay);
      return OverlayLocks.take(all, locking, "");
    }
  }

  private static Top top(SessionSpec spec, Facts facts) {
    List<Overlay> overlays = spec.overlays();
    if (overlays.isEmpty()) {
      throw new InvalidSpecException("no overlay is named for " + spec.image());
    }
    Overlay top = overlays.get(overlays.size() - 1);
    if (top.isEphemeral() || top.access() == Access.READ_ONLY) {
      throw new InvalidSpecException(
          "the overlay must be one that can be written to and is kept, not " + top);
    }
    List<OverlayFacts> all = new ArrayList<>();
    for (Overlay overlay : overlays.subList(0, overlays.size() - 1)) {
      all.add(facts.of(LayerReading.kept(overlay)));
    }
    List<OverlayFacts> below = List.copyOf(all);
    OverlayFacts overlay = facts.of(top, spec.isFakeroot());
    all.add(overlay);
    ImageFacts image = facts.of(spec.image());
    Overlaps.check(image, all);
    Planner.requireBases(spec, image, all);
    return new Top(image, below, overlay);
  }

  /** Remembers of the topmost overlay of a spec what it is and what it lies on. */
  boolean adopt(SessionSpec spec) {
    Top top = top(spec, facts());
    return top.lock(locking)
        .during(
            () -> {
              try (Scratch scratch = scratches.apply("adoption of " + top.overlay().path())) {
                return ledger.adopt(top.overlay(), top.image(), scratch);
              }
            });
  }

  private boolean inPlace(
      SessionSpec spec,
      ImageFacts image,
      List<OverlayFacts> below,
      OverlayFacts overlay,
      Scratch scratch) {
    List<LayerSource> layers = LayerSource.of(images.readable(image), below);
    boolean changed;
    if (overlay.kind() == OverlayFacts.Kind.DIRECTORY) {
      OverlayMaker.complete(List.of(overlay));
      changed =
          worker(scratch)
              .neutral(
                  new Job.Neutral(
                      layers,
                      owning(spec),
                      overlay.path(),
                      scratch.beside(overlay.path().resolve("neutral")).getFileName().toString(),
                      Job.Form.DIRECTORY));
    } else {
      changed = inCopy(layers, owning(spec), overlay.path(), scratch);
    }
    ledger.neutral(overlay, scratch);
    return changed;
  }

  /** A program that is killed while it writes to an image can leave it damaged: work on a copy. */
  private boolean inCopy(List<LayerSource> layers, Owning owning, Path image, Scratch scratch) {
    try (ImageCopy copy = ImageCopy.of(image, host, scratches)) {
      boolean changed =
          worker(scratch)
              .neutral(new Job.Neutral(layers, owning, copy.path(), WORKSHOP, Job.Form.EXT3));
      if (changed) {
        copy.replace();
      }
      return changed;
    }
  }
}
