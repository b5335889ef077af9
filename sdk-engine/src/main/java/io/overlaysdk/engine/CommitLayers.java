package io.overlaysdk.engine;

import io.overlaysdk.CommitReport;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Image;
import io.overlaysdk.LayerReport;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Step;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Adds overlays to a copy of a SIF, each as a partition, and reads them back. */
final class CommitLayers {
  private static final Duration COPY_LIMIT = Duration.ofHours(1);

  private static final String DROPPED =
      "the layers are left out, without a word, by apptainer exec --unsquash and by apptainer build"
          + " --sandbox; where those are used, commit with --flatten";

  private final Host host;
  private final LayerWorker worker;
  private final Scratch scratch;

  CommitLayers(Host host, LayerWorker worker, Scratch scratch) {
    this.host = host;
    this.worker = worker;
    this.scratch = scratch;
  }

  /**
   * What is to be done.
   *
   * @param partial the SIF that is written
   */
  record Order(
      ImageFacts image,
      List<OverlayFacts> overlays,
      Path partial,
      Owning owning,
      Optional<String> latest) {}

  /** A layer that is written, and what it was made of. */
  private record Layer(List<LayerSource> of, Path file, Packed packed) {}

  CommitReport run(Order order, CommitHistory history) throws IOException {
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < order.overlays().size(); i++) {
      layers.add(layer(order, i, history));
    }
    copy(order.image().path(), order.partial());
    boolean signed = append(order, layers, history);
    readBack(order, layers);
    List<String> warnings = new ArrayList<>(List.of(DROPPED));
    if (signed) {
      warnings.add(CommitHistory.unsigned(order.image()));
    }
    return history.report(sum(layers), warnings);
  }

  private Layer layer(Order order, int index, CommitHistory history) {
    List<OverlayFacts> overlays = order.overlays().subList(0, index + 1);
    List<LayerSource> sources = LayerSource.of(order.image(), overlays);
    Path file = scratch.directory().resolve("layer" + index + ".squashfs");
    Packed packed =
        worker.pack(
            new Job.Pack(
                sources,
                order.owning(),
                file,
                Job.Product.LAYER,
                order.latest(),
                history.line(List.of(order.overlays().get(index)))));
    return new Layer(sources, file, packed);
  }

  /** cp knows holes, and copies nothing where the file system can share what is in a file. */
  private void copy(Path from, Path to) {
    scratch.perform(
        new Step.Run(
            "copy the image " + from,
            Invocation.of(
                host.find("cp").orElse(Path.of("/bin/cp")),
                List.of("--sparse=auto", "--reflink=auto", "--", from.toString(), to.toString()))),
        COPY_LIMIT);
    Modes.set(to, 0755);
  }

  /** Whether a signature had to go. */
  private boolean append(Order order, List<Layer> layers, CommitHistory history)
      throws IOException {
    String architecture = SifFile.architecture(order.image(), "");
    try (SifFile sif = SifFile.open(order.partial())) {
      boolean signed = sif.isSigned();
      sif.removeSignatures();
      if (layers.stream().anyMatch(layer -> layer.packed().metadata())) {
        sif.removeInspection();
      }
      order.latest().map(CommitHistory::seconds).ifPresent(sif::modified);
      StringBuilder digests = new StringBuilder(history.baseDigest());
      for (Layer layer : layers) {
        sif.addLayer(layer.file(), architecture, "overlay");
        digests.append(Digests.sha256(layer.file()));
      }
      sif.identify(Digests.sha256(ByteBuffer.wrap(CommitHistory.bytes(digests.toString()))));
      sif.finish();
      return signed;
    }
  }

  private void readBack(Order order, List<Layer> layers) throws IOException {
    ImageFacts written = new ImageReader().read(Image.at(order.partial()));
    List<ImageFacts.Part> parts = written.overlays();
    int before = order.image().overlays().size();
    if (parts.size() != before + layers.size()) {
      throw new OverlayException(
          "the SIF that was written has " + parts.size() + " layers: " + written);
    }
    for (int i = 0; i < layers.size(); i++) {
      ImageFacts.Part part = parts.get(before + i);
      Layer layer = layers.get(i);
      if (part.size() != Files.size(layer.file())) {
        throw new OverlayException(
            "layer " + i + " of the SIF that was written has " + part.size() + " bytes");
      }
      List<LayerSource> both = new ArrayList<>(layer.of());
      both.add(
          new LayerSource(
              order.partial(), LayerSource.Format.SQUASHFS, part.offset(), false, false));
      requireSame(new Job.Compare(both, order.owning(), expected(layer)));
    }
  }

  /** What was put in or left out on purpose. */
  private static List<ContainerPath> expected(Layer layer) {
    List<ContainerPath> expected = new ArrayList<>(layer.packed().report().skipped());
    expected.addAll(List.of(Packing.HISTORY, Packing.METADATA));
    return expected;
  }

  private void requireSame(Job.Compare job) {
    List<String> differences = worker.compare(job);
    if (!differences.isEmpty()) {
      throw new OverlayException(
          "the layer that was written does not say what the overlay says, and nothing was kept: "
              + differences);
    }
  }

  private static LayerReport sum(List<Layer> layers) {
    long entries = 0;
    long bytes = 0;
    long whiteouts = 0;
    long opaque = 0;
    List<ContainerPath> skipped = new ArrayList<>();
    for (Layer layer : layers) {
      LayerReport report = layer.packed().report();
      entries += report.entries();
      bytes += report.bytes();
      whiteouts += report.whiteouts();
      opaque += report.opaque();
      skipped.addAll(report.skipped());
    }
    return new LayerReport(entries, bytes, whiteouts, opaque, skipped, List.of());
  }
}
