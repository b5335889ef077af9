package io.overlaysdk.engine;

import io.overlaysdk.Changes;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.ChangeOptions;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.layers.LayerChanges;
import io.overlaysdk.layers.Owners;
import io.overlaysdk.layers.RuntimeFiles;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * The layers of a session at rest, as directories that this process can read. Images are mounted
 * read-only for that, and are until this is closed.
 */
final class LayerStack implements AutoCloseable {
  private final Host host;
  private final Launcher launcher;
  private final Path scratch;
  private final LongConsumer started;
  private final Deque<FuseMount> mounts = new ArrayDeque<>();
  private final List<Layer> layers = new ArrayList<>();

  private LayerStack(Host host, Launcher launcher, Path scratch, LongConsumer started) {
    this.host = host;
    this.launcher = launcher;
    this.scratch = scratch;
    this.started = started;
  }

  /**
   * @param overlays bottom to top; not empty
   * @param scratch where mount points are made
   * @param started is told the pids of the programs that hold the mounts
   */
  static LayerStack open(
      ImageFacts image,
      List<OverlayFacts> overlays,
      Host host,
      Launcher launcher,
      Path scratch,
      LongConsumer started) {
    if (overlays.isEmpty()) {
      throw new InvalidSpecException(
          "nothing changes " + image.location() + ": name the overlay whose changes are wanted");
    }
    LayerStack stack = new LayerStack(host, launcher, scratch, started);
    try {
      stack.addImage(image);
      overlays.forEach(stack::addOverlay);
      return stack;
    } catch (RuntimeException e) {
      stack.close();
      throw e;
    }
  }

  private void addImage(ImageFacts image) {
    switch (image.kind()) {
      case DIRECTORY -> layers.add(Layer.base(image.path()));
      case SIF, SQUASHFS, EXT3 -> {
        layers.add(Layer.base(mounted(image.path(), image.root().orElseThrow())));
        for (ImageFacts.Part part : image.overlays()) {
          Path at = mounted(image.path(), part);
          boolean ext3 = part.format() == ImageFacts.Format.EXT3;
          layers.add(written(ext3 ? at.resolve("upper") : at));
        }
      }
      default ->
          throw new UnsupportedException(
              "the files of "
                  + image.location()
                  + " cannot be read from here; name an image that is a file or a directory");
    }
  }

  private Path mounted(Path file, ImageFacts.Part part) {
    return switch (part.format()) {
      case SQUASHFS -> push(squashfs(file, part.offset()));
      case EXT3 -> push(FuseMount.ext3(host, launcher, file, part.offset(), next(), started));
      case ENCRYPTED ->
          throw new UnsupportedException(
              "the image " + file + " is encrypted, so that nothing can be compared with it");
    };
  }

  private FuseMount squashfs(Path file, long offset) {
    return FuseMount.squashfs(host, launcher, file, offset, next(), started);
  }

  private Path push(FuseMount mount) {
    mounts.push(mount);
    return mount.at();
  }

  private Path next() {
    return scratch.resolve("layer" + layers.size() + "-" + mounts.size());
  }

  private void addOverlay(OverlayFacts overlay) {
    layers.add(
        written(
            switch (overlay.kind()) {
              case DIRECTORY -> overlay.path().resolve("upper");
              case LAYER -> overlay.path();
              case EXT3 ->
                  push(FuseMount.ext3(host, launcher, overlay.path(), 0, next(), started))
                      .resolve("upper");
              case SQUASHFS -> push(squashfs(overlay.path(), 0));
            }));
  }

  /** What root's kernel overlay wrote only root can read; for anyone else the layer says so. */
  private Layer written(Path upper) {
    Layer layer = Layer.at(upper);
    return host.identity().isRoot() ? layer.with(TrustedMarkers.in(upper, host, launcher)) : layer;
  }

  /** What the topmost layer changes in the others. Closing the changes does not close this. */
  Changes changes(boolean fakeroot, Changes.Detail detail, RuntimeFiles made) {
    int top = layers.size() - 1;
    ChangeOptions options =
        ChangeOptions.standard()
            .owners(owners(fakeroot, false), owners(fakeroot, !mounts.isEmpty()))
            .without(made);
    return LayerChanges.between(
        layers.subList(0, top),
        layers.get(top),
        detail == Changes.Detail.EVERY_ENTRY ? options.all() : options);
  }

  /**
   * What owners mean in the container. A plain user has no other user there, unless with fakeroot.
   *
   * @param inImage whether they are those that an image file holds, which are the container's
   */
  private Owners owners(boolean fakeroot, boolean inImage) {
    Identity identity = host.identity();
    if (identity.isRoot()) {
      return Owners.asOnHost();
    }
    if (!fakeroot || identity.subordinate().isEmpty()) {
      return Owners.oneUser();
    }
    if (inImage) {
      return Owners.asOnHost();
    }
    Identity.IdRanges ids = identity.subordinate().get();
    return Owners.mapped(
        List.of(
            new Owners.Range(0, identity.uid(), 1),
            new Owners.Range(1, ids.firstUid(), ids.uids())),
        List.of(
            new Owners.Range(0, identity.gid(), 1),
            new Owners.Range(1, ids.firstGid(), ids.gids())));
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
