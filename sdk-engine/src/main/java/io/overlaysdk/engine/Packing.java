package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.LaunchException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.ExtendedAttributes;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.layers.LayerDirectory;
import io.overlaysdk.layers.LayerEntry;
import io.overlaysdk.layers.Permissions;
import io.overlaysdk.layers.oci.OciArchive;
import io.overlaysdk.layers.oci.OwnerMap;
import io.overlaysdk.layers.oci.TreeUse;
import io.overlaysdk.layers.oci.TreeWriter;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.DigestOutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * Makes a file system of layers. They are read as they lie, and go as one archive to the program
 * that writes it: nothing is mounted over them and nothing is copied before.
 */
final class Packing {
  static final ContainerPath METADATA = ContainerPath.of("/.singularity.d");
  static final ContainerPath HISTORY = ContainerPath.of("/.singularity.d/overlay-sdk.history");
  static final ContainerPath LABELS = ContainerPath.of("/.singularity.d/labels.json");
  static final ContainerPath RUN = ContainerPath.of("/.singularity.d/actions/run");
  static final ContainerPath RUNSCRIPT = ContainerPath.of("/.singularity.d/runscript");

  private final Job.Pack job;
  private final List<Layer> layers;
  private final Host host;
  private final Launcher launcher;
  private final LongConsumer started;

  /**
   * @param layers those of the job, bottom to top
   */
  Packing(Job.Pack job, List<Layer> layers, Host host, Launcher launcher, LongConsumer started) {
    this.job = job;
    this.layers = layers;
    this.host = host;
    this.launcher = launcher;
    this.started = started;
  }

  Packed run() {
    try {
      TreeWriter writer =
          TreeWriter.of(parts(), use())
              .notAfter(latest())
              .appending(HISTORY, (job.line() + "\n").getBytes(UTF_8))
              .keeping(Set.of(LABELS, RUN, RUNSCRIPT));
      return switch (job.product()) {
        case LAYER -> squashfs(writer, writer::topmost, 0);
        case SIF -> squashfs(writer, writer::merged, SifFile.PARTITION_START);
        case OCI -> archive(writer);
        case DIRECTORY -> directory(writer);
      };
    } catch (IOException e) {
      throw new OverlayException("cannot write " + job.target() + ": " + e, e);
    }
  }

  private Instant latest() {
    return job.latest().map(CommitHistory::seconds).map(Instant::ofEpochSecond).orElse(Instant.MAX);
  }

  private TreeUse use() {
    return switch (job.product()) {
      case LAYER, SIF -> TreeUse.SQUASHFS;
      case OCI -> TreeUse.OCI_LAYER;
      case DIRECTORY -> host.identity().isRoot() ? TreeUse.DIRECTORY : TreeUse.OWN_DIRECTORY;
    };
  }

  private List<TreeWriter.Part> parts() {
    List<TreeWriter.Part> parts = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      boolean written = job.product() != Job.Product.LAYER || i == layers.size() - 1;
      LayerSource source = job.layers().get(i);
      parts.add(
          new TreeWriter.Part(
              written ? layer.with(attributes(source, layer.root())) : layer, owners(source)));
    }
    return parts;
  }

  private ExtendedAttributes attributes(LayerSource source, Path root) {
    if (source.format() == LayerSource.Format.SQUASHFS) {
      try (RawFile file = RawFile.open(Found.at(source.file(), Subject.IMAGE))) {
        if (!SquashfsSuperblock.hasAttributes(file, source.offset())) {
          return ReadAttributes.none();
        }
      }
      return ReadAttributes.everything(root, host, launcher);
    }
    return source.base()
        ? ReadAttributes.everything(root, host, launcher)
        : ReadAttributes.all(root, host, launcher);
  }

  /** What is in an image is owned as in the container; what a plain user wrote is root's there. */
  private OwnerMap owners(LayerSource source) {
    boolean image =
        source.format() == LayerSource.Format.SQUASHFS
            || source.offset() > 0
            || source.base() && source.format() == LayerSource.Format.EXT3;
    if (image || job.owning() != Owning.ONE_USER) {
      return OwnerMap.identity();
    }
    return source.base()
        ? OwnerMap.everyoneIs(host.identity().uid(), host.identity().gid())
        : job.owning().map(host.identity());
  }

  /** Whether a layer above the base changes labels, environment, scripts or definition. */
  private boolean changesMetadata() {
    return layers.stream().skip(1).anyMatch(Packing::changesMetadata);
  }

  private static boolean changesMetadata(Layer layer) {
    try (LayerDirectory root = layer.open()) {
      for (LayerEntry entry : root.entries()) {
        if (entry.path().equals(METADATA)) {
          return !entry.isDirectory() || holdsMore(root, entry);
        }
      }
      return false;
    }
  }

  private static boolean holdsMore(LayerDirectory root, LayerEntry metadata) {
    try (LayerDirectory directory = root.open(metadata)) {
      for (LayerEntry entry : directory.entries()) {
        if (!entry.path().equals(HISTORY)) {
          return true;
        }
      }
      return directory.isOpaque();
    }
  }

  private interface Writing {
    TreeWriter.Written to(OutputStream out) throws IOException;
  }

  /**
   * The tables of inodes are not compressed: mksquashfs 4.5.1 takes no attributes for the root of
   * what it reads from an archive, so that they are put in afterwards.
   */
  private Packed squashfs(TreeWriter writer, Writing writing, long offset) throws IOException {
    TreeWriter.Root root = writer.root();
    List<String> words = new ArrayList<>(List.of("-", job.target().toString(), "-tar"));
    words.addAll(
        List.of("-noappend", "-no-recovery", "-no-progress", "-quiet", "-exports", "-noI"));
    words.addAll(List.of("-exit-on-error", "-mkfs-time", job.latest().orElse("0")));
    words.addAll(List.of("-offset", "" + offset));
    LayerReport report = pipe("mksquashfs", words, writing);
    SquashfsRoot.set(job.target(), offset, ofRoot(root.permissions()), root.modified());
    return new Packed(report, "", changesMetadata(), Map.of());
  }

  /**
   * A layer of which all is root's looks to a plain user like one of root's kernel, whose marks
   * only root can read; so the root of a layer stays the user's.
   */
  private Permissions ofRoot(Permissions found) {
    boolean users = job.product() == Job.Product.LAYER && job.owning() == Owning.ONE_USER;
    return users
        ? new Permissions(found.mode(), host.identity().uid(), host.identity().gid())
        : found;
  }

  private Packed directory(TreeWriter writer) throws IOException {
    Files.createDirectory(job.target());
    List<String> words =
        new ArrayList<>(List.of("--extract", "--file=-", "--preserve-permissions"));
    words.addAll(List.of("--numeric-owner", "--delay-directory-restore", "--xattrs"));
    words.addAll(
        List.of("--xattrs-include=*", "--warning=no-timestamp", "--directory=" + job.target()));
    words.add(host.identity().isRoot() ? "--same-owner" : "--no-same-owner");
    LayerReport report = pipe("tar", words, writer::merged);
    return new Packed(report, "", changesMetadata(), Map.of());
  }

  private LayerReport pipe(String program, List<String> words, Writing writing) throws IOException {
    Path executable = Programs.require(host, program, "write " + job.target());
    Invocation invocation = Invocation.of(executable, words);
    Running.Piped running = launcher.begin(invocation, started);
    TreeWriter.Written written;
    try (OutputStream out = running.stdin()) {
      written = writing.to(out);
    } catch (IOException e) {
      if (running.ended().join() != 0) {
        throw failed(invocation, running.messages());
      }
      throw e;
    } catch (RuntimeException e) {
      running.end();
      throw e;
    }
    int status = running.ended().join();
    String messages = running.messages();
    // GNU tar goes on where an attribute cannot be set, and ends well
    if (status != 0 || program.equals("tar") && !messages.isBlank()) {
      throw failed(invocation, messages);
    }
    return written.report();
  }

  private static LaunchException failed(Invocation invocation, String messages) {
    return new LaunchException(
        "cannot write what is committed: " + invocation.executable().getFileName() + " failed",
        invocation.words(),
        messages);
  }

  private Packed archive(TreeWriter writer) throws IOException {
    try (FileChannel file =
            FileChannel.open(
                job.target(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        DigestOutputStream out =
            new DigestOutputStream(
                Channels.newOutputStream(file.position(OciArchive.LAYER_START)),
                Digests.sha256())) {
      TreeWriter.Written written = writer.merged(out);
      return new Packed(
          written.report(),
          HexFormat.of().formatHex(out.getMessageDigest().digest()),
          changesMetadata(),
          written.kept());
    }
  }
}
