package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.spi.Host;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * Layers at rest, as directories that this process can read. What lies in files is mounted
 * read-only for that, and is until this is closed.
 */
final class MountedLayers implements AutoCloseable {
  private final Host host;
  private final Launcher launcher;
  private final Path scratch;
  private final LongConsumer started;
  private final Deque<FuseMount> mounts = new ArrayDeque<>();
  private final List<Layer> layers = new ArrayList<>();

  private MountedLayers(Host host, Launcher launcher, Path scratch, LongConsumer started) {
    this.host = host;
    this.launcher = launcher;
    this.scratch = scratch;
    this.started = started;
  }

  /**
   * @param sources bottom to top
   * @param scratch where mount points are made
   * @param started is told the pids of the programs that hold the mounts
   */
  static MountedLayers open(
      List<LayerSource> sources, Host host, Launcher launcher, Path scratch, LongConsumer started) {
    MountedLayers stack = new MountedLayers(host, launcher, scratch, started);
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
    layers.add(source.base() ? Layer.base(root) : written(root));
  }

  private Path push(FuseMount mount) {
    mounts.push(mount);
    return mount.at();
  }

  private Path next() {
    return scratch.resolve("layer" + layers.size() + "-" + mounts.size());
  }

  /** What root's kernel overlay wrote only root can read; for anyone else the layer says so. */
  private Layer written(Path upper) {
    Layer layer = Layer.at(upper);
    return host.identity().isRoot()
        ? layer.with(ReadAttributes.deciding(upper, host, launcher))
        : layer;
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
