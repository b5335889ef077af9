package io.overlaysdk.engine;

import io.overlaysdk.Change;
import io.overlaysdk.Changes;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.LayerReport;
import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.ChangeOptions;
import io.overlaysdk.layers.Dialects;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.layers.LayerChanges;
import io.overlaysdk.layers.RuntimeFiles;
import io.overlaysdk.layers.oci.LayerWriter;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Host;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;

/** Does jobs on layers, in the process that it is called in. */
final class LayerWork {
  private final Host host;
  private final Launcher launcher;
  private final Path scratch;
  private final LongConsumer started;

  /**
   * @param scratch where mount points are made
   * @param started is told the pids of the programs that hold mounts
   */
  LayerWork(Host host, Launcher launcher, Path scratch, LongConsumer started) {
    this.host = host;
    this.launcher = launcher;
    this.scratch = scratch;
    this.started = started;
  }

  private MountedLayers open(List<LayerSource> sources) {
    return open(sources, this::deciding);
  }

  private MountedLayers open(List<LayerSource> sources, UnaryOperator<Layer> attributes) {
    return MountedLayers.open(sources, host, launcher, scratch, started, attributes);
  }

  /** What root's kernel overlay wrote only root can read; for anyone else the layer says so. */
  private Layer deciding(Layer layer) {
    return isRoot() ? layer.with(ReadAttributes.deciding(layer.root(), host, launcher)) : layer;
  }

  private Layer all(Layer layer) {
    return layer.with(ReadAttributes.all(layer.root(), host, launcher));
  }

  private RuntimeFiles runtimeFiles(Job.ListChanges job) {
    boolean ofHost = job.layers().get(0).file().equals(Path.of("/"));
    int uid = host.identity().uid();
    RuntimeFiles files =
        (ofHost ? RuntimeFiles.none() : RuntimeFiles.standard()).mountPoints(job.mountPoints());
    return ofHost && uid != 0 ? files.directoriesOfOthersThan(uid) : files;
  }

  /** The images among the layers stay mounted until the changes are closed. */
  HeldChanges changes(Job.ListChanges job) {
    MountedLayers stack = open(job.layers());
    try {
      List<Layer> layers = stack.layers();
      int top = layers.size() - 1;
      ChangeOptions options =
          options(job, stack, job.whole() && stack.hasMounts()).without(runtimeFiles(job));
      options = job.detail() == Changes.Detail.EVERY_ENTRY ? options.all() : options;
      Changes changes =
          job.whole()
              ? LayerChanges.betweenTrees(layers.subList(0, top), layers.get(top), options)
              : LayerChanges.between(layers.subList(0, top), layers.get(top), options);
      return new HeldChanges(changes, stack::close);
    } catch (RuntimeException e) {
      closeAfter(e, stack);
      throw e;
    }
  }

  private ChangeOptions options(Job job, MountedLayers stack) {
    return options(job, stack, false);
  }

  /**
   * @param mounted whether the topmost layer is one whose owners are those in the container
   */
  private ChangeOptions options(Job job, MountedLayers stack, boolean mounted) {
    return ChangeOptions.standard()
        .owners(
            job.owning().owners(host.identity(), mounted),
            job.owning().owners(host.identity(), stack.hasMounts()));
  }

  /** One line for each change that only one of the two makes. */
  List<String> compare(Job.Compare job) {
    try (MountedLayers stack = open(job.layers())) {
      List<Layer> layers = stack.layers();
      int top = layers.size() - 1;
      List<Layer> below = layers.subList(0, top - 1);
      ChangeOptions options = options(job, stack).all();
      Set<String> meant = lines(below, layers.get(top - 1), options, job.except());
      Set<String> found = lines(below, layers.get(top), options, job.except());
      List<String> differences = new ArrayList<>();
      meant.stream()
          .filter(line -> !found.contains(line))
          .forEach(l -> differences.add("not " + l));
      found.stream().filter(line -> !meant.contains(line)).forEach(differences::add);
      return differences;
    }
  }

  private static Set<String> lines(
      List<Layer> below, Layer top, ChangeOptions options, List<ContainerPath> except) {
    Set<String> lines = new LinkedHashSet<>();
    try (Changes changes = LayerChanges.between(below, top, options)) {
      for (Change change : changes) {
        if (!except.contains(change.path())) {
          lines.add(change.toString());
        }
      }
    }
    return lines;
  }

  private static void closeAfter(RuntimeException failure, MountedLayers stack) {
    try {
      stack.close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /** Only the topmost layer is looked at: a marker says what is hidden, whatever that is. */
  LayerReport export(Job.Export job) {
    int top = job.layers().size() - 1;
    while (job.layers().get(top).joined()) {
      top--;
    }
    try (MountedLayers stack = open(job.layers().subList(top, job.layers().size()), this::all)) {
      LayerWriter writer =
          LayerWriter.of(stack.layers().get(0)).owners(job.owning().map(host.identity()));
      if (job.latest().isPresent()) {
        writer = writer.notAfter(job.latest().get());
      }
      return writer.writeTo(job.target());
    }
  }

  LayerReport freeze(Job.Freeze job) {
    try (MountedLayers stack = open(job.layers(), this::all)) {
      List<Layer> layers = stack.layers();
      int top = layers.size() - 1;
      LayerWriter writer =
          LayerWriter.of(layers.get(top))
              .owners(job.owning().map(host.identity()))
              .neutralOver(layers.subList(0, top));
      if (job.latest().isPresent()) {
        writer = writer.notAfter(Instant.ofEpochSecond(job.latest().getAsLong()));
      }
      return new Squashing(host, launcher, scratch, started)
          .archive(writer, job.owning() == Owning.ONE_USER, job.latest().orElse(0), job.target());
    }
  }

  Packed pack(Job.Pack job) {
    try (MountedLayers stack = open(job.layers())) {
      return new Packing(job, stack.layers(), host, launcher, started).run();
    }
  }

  LayerReport unpack(Job.Import job) {
    try (MountedLayers stack = open(job.layers())) {
      Unpacking unpacking =
          new Unpacking(job, stack.layers(), job.owning().map(host.identity()), host, launcher);
      return switch (job.into()) {
        case NEW -> unpacking.intoNew(job.overlay());
        case DIRECTORY -> unpacking.intoEmpty(job.overlay());
        case EXT3 -> unpacking.intoImage(job.overlay(), scratch.resolve("into"), started);
      };
    }
  }

  Set<Dialect> dialects(Job.FindDialects job) {
    try (MountedLayers stack = open(job.layers())) {
      Set<Dialect> dialects = EnumSet.noneOf(Dialect.class);
      dialects.addAll(Dialects.in(stack.layers().get(0)));
      if (job.layers().get(0).format() == LayerSource.Format.SQUASHFS && !isRoot()) {
        // a squashfs is packed as root's by whoever packs it: its owners tell nothing of the driver
        dialects.remove(Dialect.KERNEL_TRUSTED);
      }
      return dialects;
    }
  }

  /** Nothing in the layer is looked at as a mark, so that nobody needs to read any. */
  LinkedFiles links(Job.FindLinks job) {
    try (MountedLayers stack = open(List.of(job.layers().get(0).asBase()))) {
      return LinkedFiles.in(stack.layers().get(0).root(), scratch, host, launcher);
    }
  }

  void separate(Job.Separate job) {
    try (MountedLayers stack = open(List.of(job.layers().get(0).asBase()))) {
      Files.createDirectory(job.overlay());
      LinkedCopies.make(stack.layers().get(0).root(), job.names(), job.overlay().resolve("upper"));
    } catch (IOException e) {
      throw new OverlayException("cannot make " + job.overlay() + ": " + e, e);
    }
  }

  private boolean isRoot() {
    return host.identity().isRoot();
  }

  boolean neutral(Job.Neutral job) {
    try (MountedLayers stack = open(job.layers())) {
      Neutralising neutralising = new Neutralising(stack.layers(), job.workshop(), host, launcher);
      return switch (job.form()) {
        case DIRECTORY -> neutralising.inDirectory(job.overlay());
        case EXT3 -> neutralising.inImage(job.overlay(), scratch.resolve("into"), started);
        case COPY -> neutralising.inCopy(job.overlay());
      };
    }
  }
}
