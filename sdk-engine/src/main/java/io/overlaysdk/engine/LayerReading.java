package io.overlaysdk.engine;

import io.overlaysdk.Bind;
import io.overlaysdk.Changes;
import io.overlaysdk.Configuration;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongConsumer;

/** Reads what overlays change, in an open session and of one that is at rest. */
final class LayerReading {
  private final Locking locking;
  private final Host host;
  private final Configuration configuration;
  private final UnpackedImages images;

  LayerReading(Locking locking, Configuration configuration, UnpackedImages images) {
    this.locking = locking;
    this.host = locking.host();
    this.configuration = configuration;
    this.images = images;
  }

  /** The layers of an open session in which no command runs. */
  LayerStack open(Planner.Planned planned, Path scratch, Launcher launcher, LongConsumer started) {
    return new LayerStack(new LayerWorker(host, configuration, launcher, scratch, started));
  }

  /** What the writable overlay of an open session changes, but for what its binds needed. */
  Changes changes(Planner.Planned planned, LayerStack layers) {
    return layers.changes(
        job(
            images.readable(planned.image()),
            planned.overlays(),
            planned.spec().isFakeroot(),
            Changes.Detail.ROOTS,
            planned.binds()));
  }

  /** Keeps everybody from writing to the overlays of a spec. */
  OverlayLocks lock(SessionSpec spec) {
    Facts facts = Facts.withoutDialects();
    return OverlayLocks.read(
        spec.overlays().stream().map(overlay -> facts.of(kept(overlay))).toList(), locking);
  }

  /** What the topmost overlay of a spec changes, while no session uses it. */
  HeldChanges atRest(
      SessionSpec spec,
      Changes.Detail detail,
      Launcher launcher,
      Function<String, Scratch> scratches) {
    Facts facts = Facts.withoutDialects();
    List<OverlayFacts> overlays =
        spec.overlays().stream().map(overlay -> facts.of(kept(overlay))).toList();
    ImageFacts image = facts.of(spec.image());
    Overlaps.check(image, overlays);
    Planner.requireBases(spec, image, overlays);
    Job.ListChanges job =
        job(images.readable(image), overlays, spec.isFakeroot(), detail, spec.binds());
    OverlayLocks locks = OverlayLocks.read(overlays, locking);
    try {
      return held("changes of " + spec.overlays(), job, launcher, scratches, locks::close);
    } catch (RuntimeException e) {
      locks.close();
      throw e;
    }
  }

  /** Left out is what the tools make for themselves, and the mount points of the binds. */
  private Job.ListChanges job(
      ImageFacts image,
      List<OverlayFacts> overlays,
      boolean fakeroot,
      Changes.Detail detail,
      List<Bind> binds) {
    if (overlays.isEmpty()) {
      throw new InvalidSpecException(
          "nothing changes " + image.location() + ": name the overlay whose changes are wanted");
    }
    List<ContainerPath> targets = binds.stream().map(Bind::target).toList();
    return new Job.ListChanges(
        LayerSource.joined(image, overlays),
        Owning.of(fakeroot, host.identity()),
        detail,
        false,
        targets);
  }

  /**
   * What one image has differently from another.
   *
   * @throws UnsupportedException where one of them has layers of its own
   */
  HeldChanges between(
      ImageFacts before, ImageFacts after, Launcher launcher, Function<String, Scratch> scratches) {
    List<LayerSource> both = new ArrayList<>(tree(before));
    both.addAll(tree(after));
    Job.ListChanges job =
        new Job.ListChanges(
            both, Owning.of(false, host.identity()), Changes.Detail.EVERY_ENTRY, true, List.of());
    return held("differences of " + after.location(), job, launcher, scratches, () -> {});
  }

  private List<LayerSource> tree(ImageFacts image) {
    List<LayerSource> sources = LayerSource.of(images.readable(image), List.of());
    if (sources.size() > 1) {
      throw new UnsupportedException(
          "the image "
              + image.location()
              + " has layers of its own; make one file system of it with overlay commit --flatten");
    }
    return sources;
  }

  private HeldChanges held(
      String what,
      Job.ListChanges job,
      Launcher launcher,
      Function<String, Scratch> scratches,
      Runnable end) {
    Scratch scratch = scratches.apply(what);
    try {
      LayerWorker worker =
          new LayerWorker(host, configuration, launcher, scratch.directory(), scratch::started);
      return new HeldChanges(worker.changes(job), scratch::close, end);
    } catch (RuntimeException e) {
      scratch.close();
      throw e;
    }
  }

  /** An overlay that is only read needs no permission to write. */
  static Overlay kept(Overlay overlay) {
    if (overlay.isEphemeral()) {
      throw new InvalidSpecException("an ephemeral overlay at rest holds nothing");
    }
    return overlay.readOnly();
  }
}
