package io.overlaysdk.engine;

import io.overlaysdk.Bind;
import io.overlaysdk.Changes;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.layers.RuntimeFiles;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.OverlayFacts;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongConsumer;

/** Reads what overlays change, in an open session and of one that is at rest. */
final class LayerReading {
  private final Host host;

  LayerReading(Host host) {
    this.host = host;
  }

  /** The layers of an open session in which no command runs. */
  LayerStack open(Planner.Planned planned, Path scratch, Launcher launcher, LongConsumer started) {
    return LayerStack.open(planned.image(), planned.overlays(), host, launcher, scratch, started);
  }

  /** What the writable overlay of an open session changes, but for what its binds needed. */
  Changes changes(Planner.Planned planned, LayerStack layers) {
    return layers.changes(planned.spec().isFakeroot(), Changes.Detail.ROOTS, made(planned.binds()));
  }

  /** What the topmost overlay of a spec changes, while no session uses it. */
  HeldChanges atRest(
      SessionSpec spec,
      Changes.Detail detail,
      Launcher launcher,
      Function<String, Scratch> scratches) {
    Facts facts = new Facts();
    List<OverlayFacts> overlays =
        spec.overlays().stream().map(overlay -> facts.of(kept(overlay))).toList();
    var image = facts.of(spec.image());
    Overlaps.check(image, overlays);
    Scratch scratch = scratches.apply("changes of " + spec.overlays());
    try {
      LayerStack layers =
          LayerStack.open(image, overlays, host, launcher, scratch.directory(), scratch::started);
      return new HeldChanges(
          layers.changes(spec.isFakeroot(), detail, made(spec.binds())),
          layers::close,
          scratch::close);
    } catch (RuntimeException e) {
      scratch.close();
      throw e;
    }
  }

  /** What the tools make for themselves, and the mount points of these binds. */
  private static RuntimeFiles made(List<Bind> binds) {
    return RuntimeFiles.standard().mountPoints(binds.stream().map(Bind::target).toList());
  }

  /** An overlay that is only read needs no permission to write, and no lock. */
  private static Overlay kept(Overlay overlay) {
    if (overlay.isEphemeral()) {
      throw new InvalidSpecException("an ephemeral overlay at rest holds nothing");
    }
    return overlay.readOnly();
  }
}
