package io.overlaysdk.engine;

import io.overlaysdk.LaunchException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.layers.NeutralForm;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.LongConsumer;

/** Brings an overlay, or a copy of one, into neutral form. Each tells whether there was work. */
final class Neutralising {
  private static final Duration LIMIT = Duration.ofHours(1);

  private final List<Layer> layers;
  private final String workshop;
  private final Host host;
  private final Launcher launcher;

  /**
   * @param layers those below the overlay, and for a copy the one that is copied on top
   * @param workshop the name of a directory that is made in the overlay meanwhile
   */
  Neutralising(List<Layer> layers, String workshop, Host host, Launcher launcher) {
    this.layers = layers;
    this.workshop = workshop;
    this.host = host;
    this.launcher = launcher;
  }

  boolean inDirectory(Path overlay) {
    return rewrite(layers, overlay);
  }

  boolean inImage(Path image, Path at, LongConsumer started) {
    try (FuseMount mount = FuseMount.writableExt3(host, launcher, image, at, started)) {
      boolean changed = rewrite(layers, mount.at());
      mount.finish();
      return changed;
    }
  }

  boolean inCopy(Path overlay) {
    int top = layers.size() - 1;
    try {
      Files.createDirectory(overlay);
      Files.createDirectory(overlay.resolve("upper"));
    } catch (IOException e) {
      throw new OverlayException("cannot make " + overlay + ": " + e, e);
    }
    copy(layers.get(top).root(), overlay.resolve("upper"));
    return rewrite(layers.subList(0, top), overlay);
  }

  /** cp keeps devices, holes, links and all attributes that this user may set. */
  private void copy(Path from, Path to) {
    Invocation copy =
        Invocation.of(
            host.find("cp").orElse(Path.of("/bin/cp")),
            List.of("-a", "--reflink=auto", "--", from + "/.", to.toString()));
    Launcher.Outcome outcome = launcher.run(copy, Launcher.Terms.within(LIMIT));
    if (outcome.timedOut() || outcome.status() != 0) {
      throw new LaunchException("cannot copy " + from, copy.words(), outcome.errorText());
    }
  }

  private boolean rewrite(List<Layer> lowers, Path overlay) {
    Path tools = overlay.resolve(workshop);
    Path upper = overlay.resolve("upper");
    try {
      Files.createDirectory(tools);
      Nodes nodes = new Nodes(host, launcher, tools);
      Layer layer = Layer.at(upper);
      if (host.identity().isRoot()) {
        layer = layer.with(ReadAttributes.changeable(upper, nodes, host, launcher));
      }
      return !NeutralForm.make(lowers, layer, nodes, overlay).nothing();
    } catch (IOException e) {
      throw new OverlayException("cannot work in " + overlay + ": " + e, e);
    } finally {
      remove(tools);
    }
  }

  private static void remove(Path tree) {
    try {
      Deletion.tree(tree);
    } catch (IOException e) {
      throw new OverlayException("cannot delete " + tree + ": " + e, e);
    }
  }
}
