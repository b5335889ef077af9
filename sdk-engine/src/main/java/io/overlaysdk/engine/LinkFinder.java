package io.overlaysdk.engine;

import io.overlaysdk.Configuration;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Plan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Finds the linked files below a session whose driver has to be kept from mixing them up. */
final class LinkFinder {
  private final Host host;
  private final Configuration configuration;
  private final Launcher launcher;
  private final Function<String, Scratch> scratches;
  private final LinkMemory memory;

  LinkFinder(
      Host host,
      Configuration configuration,
      Launcher launcher,
      Function<String, Scratch> scratches,
      LinkMemory memory) {
    this.host = host;
    this.configuration = configuration;
    this.launcher = launcher;
    this.scratches = scratches;
    this.memory = memory;
  }

  /**
   * What the session needs; nothing where the driver keeps the names of a file apart by itself.
   *
   * @param overlays as they are before any is converted
   * @throws UnsupportedException where the copies cannot be put in their place
   */
  List<Separation> separations(
      Plan plan, ImageFacts image, List<OverlayFacts> overlays, Owning owning, Path scratch) {
    if (overlays.isEmpty() || !plan.reads().contains(Dialect.FUSE)) {
      return List.of();
    }
    List<Separation> separations = new ArrayList<>();
    if (isFileOrDirectory(image)) {
      addImage(image, owning, scratch, separations);
    }
    for (int i = 0; i < overlays.size(); i++) {
      OverlayFacts overlay = overlays.get(i);
      if (!overlay.isWritable() && Files.exists(overlay.path())) {
        add(LayerSource.of(overlay), i + 1, owning, scratch, separations);
      }
    }
    return separations;
  }

  /** Of what a tool fetches by itself nothing is known before it runs. */
  private static boolean isFileOrDirectory(ImageFacts image) {
    return switch (image.kind()) {
      case SIF, SQUASHFS, EXT3, DIRECTORY -> true;
      case PENDING, REMOTE, HOST -> false;
    };
  }

  private void addImage(
      ImageFacts image, Owning owning, Path scratch, List<Separation> separations) {
    List<LayerSource> parts = LayerSource.of(image, List.of());
    for (LayerSource part : parts) {
      add(part, 0, owning, scratch, separations);
    }
    if (parts.size() > 1 && !separations.isEmpty()) {
      throw new UnsupportedException(
          "the image "
              + image.location()
              + " has linked files and overlays of its own, and fuse-overlayfs takes all names of a"
              + " linked file for one, so that what is written to it can be lost; build an image"
              + " without such overlays, or run it as root");
    }
  }

  private void add(
      LayerSource layer, int below, Owning owning, Path scratch, List<Separation> separations) {
    List<byte[]> names = memory.recall(layer, () -> find(layer, owning));
    if (!names.isEmpty()) {
      Path overlay = scratch.resolve("apart" + separations.size());
      separations.add(new Separation(layer, below, names, overlay));
    }
  }

  private List<byte[]> find(LayerSource layer, Owning owning) {
    try (Scratch scratch = scratches.apply("linked files in " + layer.file())) {
      return worker(scratch).links(new Job.FindLinks(List.of(layer), owning));
    }
  }

  /** Makes the copies that a session needs. */
  void perform(List<Separation> separations, Owning owning, Scratch scratch) {
    for (Separation separation : separations) {
      worker(scratch)
          .separate(
              new Job.Separate(
                  List.of(separation.layer()), owning, separation.overlay(), separation.names()));
    }
  }

  private LayerWorker worker(Scratch scratch) {
    return new LayerWorker(host, configuration, launcher, scratch.directory(), scratch::started);
  }
}
