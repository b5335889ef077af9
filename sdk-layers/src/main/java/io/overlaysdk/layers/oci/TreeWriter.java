package io.overlaysdk.layers.oci;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.LayerReport;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.layers.LayerDirectory;
import io.overlaysdk.layers.Permissions;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Writes what a session sees through an image and its overlays, or its topmost overlay in neutral
 * form, as a tar archive for a program that makes a file system of it. The layers are read as they
 * lie: nothing is mounted over them, nothing is copied, and nothing of them is changed.
 *
 * <p>The same layers give the same bytes. What cannot be kept is refused by name, see {@link
 * TreeUse}; renamed directories and files without content of their own as well: bring such an
 * overlay into neutral form first. Sockets are left out and reported.
 */
public final class TreeWriter {
  private static final int BUFFER = 1 << 18;

  private final List<Part> parts;
  private final TreeUse use;
  private final Options options;

  /**
   * A layer, and who its owners are in the container.
   *
   * @param layer at rest
   */
  public record Part(Layer layer, OwnerMap owners) {}

  /** The attributes of the root directory, owners as in the container. */
  public record Root(Permissions permissions, Instant modified) {}

  /**
   * What was written.
   *
   * @param kept the content of the files that were asked for, as far as they are there
   */
  public record Written(LayerReport report, Map<ContainerPath, byte[]> kept) {
    public Written {
      kept = Map.copyOf(kept);
    }
  }

  record Options(
      Instant latest, Optional<ContainerPath> log, byte[] line, Set<ContainerPath> wanted) {}

  private TreeWriter(List<Part> parts, TreeUse use, Options options) {
    this.parts = List.copyOf(parts);
    this.use = use;
    this.options = options;
  }

  /** Of these layers, bottom to top. */
  public static TreeWriter of(List<Part> parts, TreeUse use) {
    return new TreeWriter(
        parts, use, new Options(Instant.MAX, Optional.empty(), new byte[0], Set.of()));
  }

  /** The same, where nothing was modified after this time. */
  public TreeWriter notAfter(Instant time) {
    return with(new Options(time, options.log, options.line, options.wanted));
  }

  /**
   * The same, with {@code line} at the end of a file in a directory of the root; both are made
   * where they are missing.
   */
  public TreeWriter appending(ContainerPath file, byte[] line) {
    return with(new Options(options.latest, Optional.of(file), line.clone(), options.wanted));
  }

  /** The same, which keeps the content of these files where they are no larger than 1 MiB. */
  public TreeWriter keeping(Set<ContainerPath> files) {
    return with(new Options(options.latest, options.log, options.line, Set.copyOf(files)));
  }

  private TreeWriter with(Options other) {
    return new TreeWriter(parts, use, other);
  }

  /** The attributes of the root of what is written. */
  public Root root() {
    Part top = parts.get(parts.size() - 1);
    try (LayerDirectory root = top.layer().open()) {
      Permissions permissions = EntryWriter.inContainer(root, root.self(), top.owners());
      Instant modified = root.self().modified();
      return new Root(permissions, modified.isAfter(options.latest) ? options.latest : modified);
    }
  }

  /** Writes all that is seen through the layers. */
  public Written merged(OutputStream out) throws IOException {
    return write(out, TreeExport::merged);
  }

  /**
   * Writes the topmost layer with a 0:0 character device for each entry that it hides, and without
   * any other marker.
   */
  public Written topmost(OutputStream out) throws IOException {
    return write(out, TreeExport::topmost);
  }

  private interface Work {
    Written run(TreeExport export) throws IOException;
  }

  private Written write(OutputStream out, Work work) throws IOException {
    try (BackgroundOutput output =
        new BackgroundOutput(new StreamChannel(out), ByteBuffer.allocate(BUFFER))) {
      TarWriter tar = new TarWriter(output, ByteBuffer.allocate(BUFFER));
      Written written = work.run(new TreeExport(parts, tar, use, options));
      tar.finish();
      return written;
    }
  }
}
