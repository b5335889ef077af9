package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Host;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;

/**
 * Layers at rest, as directories that this process can read. What lies in files is mounted
 * read-only for that, and is until this is closed.
 */
final class MountedLayers implements AutoCloseable {
  private final Host host;
  private final Launcher launcher;
  private final Path scratch;
  private final LongConsumer started;
  private final UnaryOperator<Layer> attributes;
  private final Deque<FuseMount> mounts = new ArrayDeque<>();
  private final List<Layer> layers = new ArrayList<>();

  private MountedLayers(
      Host host,
      Launcher launcher,
      Path scratch,
      LongConsumer started,
      UnaryOperator<Layer> attributes) {
    this.host = host;
    this.launcher = launcher;
    this.scratch = scratch;
    this.started = started;
    this.attributes = attributes;
  }

  /**
   * @param sources bottom to top
   * @param scratch where mount points are made
   * @param started is told the pids of the programs that hold the mounts
   * @param attributes gives a layer that is no image's what reads its attributes
   */
  static MountedLayers open(
      List<LayerSource> sources,
      Host host,
      Launcher launcher,
      Path scratch,
      LongConsumer started,
      UnaryOperator<Layer> attributes) {
    MountedLayers stack = new MountedLayers(host, launcher, scratch, started, attributes);
    try {
      sources.forEach(stack::add);
      return stack;
    } catch (RuntimeException e) {
      stack.close();
      throw e;
    }
  }

  private void add(LayerSource source) {
    Path at =
        switch (source.format()) {
          case DIRECTORY -> source.file();
          case SQUASHFS ->
              push(
                  FuseMount.squashfs(
                      host, launcher, source.file(), source.offset(), next(), started));
          case EXT3 ->
              push(FuseMount.ext3(host, launcher, source.file(), source.offset(), next(), started));
        };
    Path root = source.inUpper() ? at.resolve("upper") : at;
    Layer layer = source.base() ? Layer.base(root) : attributes.apply(overlay(source, root));
    if (source.joined()) {
      layer = layer.over(layers.remove(layers.size() - 1));
    }
    layers.add(layer);
  }

  private static Layer overlay(LayerSource source, Path root) {
    return source.neutral() ? Layer.at(root).in(Dialect.NEUTRAL) : Layer.at(root);
  }

  private Path push(FuseMount mount) {
    mounts.push(mount);
    return mount.at();
  }

  private Path next() {
    return scratch.resolve("layer" + mounts.size());
  }

  /** Bottom to top. */
  List<Layer> layers() {
    return List.copyOf(layers);
  }

  /** Whether any of them is in a file, whose owners are those in the container. */
  boolean hasMounts() {
    return !mounts.isEmpty();
  }

  @Override
  public void close() {
    OverlayException failure = null;
    while (!mounts.isEmpty()) {
      try {
        mounts.pop().close();
      } catch (OverlayException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
