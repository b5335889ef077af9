package io.overlaysdk.layers.oci;

import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.layers.Whiteouts;
import io.overlaysdk.spi.Dialect;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.zip.ZipException;

/**
 * Makes a new directory overlay, {@code upper} and {@code work}, of a layer of an OCI image: the
 * way back from {@link LayerWriter}. The compression is found out from the bytes.
 *
 * <p>The archive may come from anywhere. It is unpacked into a directory of its own beside the
 * overlay, which nobody else can enter and which gets the overlay's name when all is there; on any
 * failure it is removed. Nothing is ever written through a link. Refused are names that are
 * absolute or hold {@code ..}, entries that stand there twice (a directory may), links to what the
 * layer does not hold before them, attributes that drivers take for markers, and more of anything
 * than {@link LayerLimits} allows.
 *
 * <p>The overlay is in neutral form. Its whiteouts, as well as devices, FIFOs and attributes
 * outside {@code user.}, need a {@link NodeMaker}. An opaque directory becomes one whiteout for
 * each entry that it hides, which needs the lower layers: {@link #over}. Where they are not at hand
 * it can be marked for one driver: {@link #in}. Where neither was said, a layer with such a
 * directory is refused: without its marker, what it hides would be seen again.
 *
 * <p>What differs from the layer: the time of a link is exact to microseconds and one before 1970
 * to seconds; several slashes in a row in its target become one; runs of zeros become holes.
 */
public final class LayerReader {
  private final Path file;
  private final ImportOptions options;

  private LayerReader(Path file, ImportOptions options) {
    this.file = Objects.requireNonNull(file, "file");
    this.options = options;
  }

  /** Reads this archive, whose owners are those on the host. */
  public static LayerReader of(Path file) {
    return new LayerReader(file, ImportOptions.DEFAULT);
  }

  /** The same, with owners that are mapped to the host. */
  public LayerReader owners(OwnerMap map) {
    return new LayerReader(file, options.owners(Objects.requireNonNull(map, "map")));
  }

  /** The same, with other limits. */
  public LayerReader limits(LayerLimits most) {
    return new LayerReader(file, options.limits(Objects.requireNonNull(most, "most")));
  }

  /** The same, for use over these layers, the lowest first. */
  public LayerReader over(List<Layer> layers) {
    return new LayerReader(file, options.lowers(List.copyOf(layers)));
  }

  /**
   * The same, where opaque directories are marked as this driver marks them. The overlay is then in
   * its dialect, unless it has none of them. Says nothing where the layers below are given.
   *
   * @throws InvalidSpecException where the dialect has no mark for them
   */
  public LayerReader in(Dialect dialect) {
    if (dialect == Dialect.KERNEL_PLAIN) {
      throw new InvalidSpecException(
          "the kernel without attributes has no mark for an opaque directory; give the layers below"
              + " with LayerReader.over");
    }
    return new LayerReader(file, options.dialect(Objects.requireNonNull(dialect, "dialect")));
  }

  /** The same, with a way to make whiteouts. */
  public LayerReader whiteouts(Whiteouts maker) {
    return new LayerReader(file, options.whiteouts(Objects.requireNonNull(maker, "maker")));
  }

  /** The same, with a way to make the other things that Java cannot. */
  public LayerReader nodes(NodeMaker maker) {
    return new LayerReader(file, options.nodes(Objects.requireNonNull(maker, "maker")));
  }

  /**
   * The same, where a directory that the layer has entries in, but no entry for, is made with mode
   * 0755, of root, as of 1970. Without this it is refused unless the layers below are given: then
   * it is like the one there. In both cases the report names it.
   */
  public LayerReader implyingDirectories() {
    return new LayerReader(file, options.implyingDirectories());
  }

  /**
   * Makes a new overlay of the layer.
   *
   * @param overlay a directory that does not exist; its parent does. It is made for its owner only,
   *     because in a layer there may be programs that run as whom they belong to
   * @throws InvalidSpecException where it exists
   * @throws InvalidLayerException where the layer is damaged or must not be unpacked
   * @throws io.overlaysdk.UnsupportedException where it holds what cannot be made here
   * @throws OverlayException where it cannot be read, or the overlay cannot be written
   */
  public LayerReport readInto(Path overlay) {
    Path target = overlay.toAbsolutePath().normalize();
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new InvalidSpecException(
          "the layer would be unpacked to \"" + overlay + "\", which exists; choose another name");
    }
    Path partial =
        target.resolveSibling("." + target.getFileName() + ".partial-" + UUID.randomUUID());
    try (InputStream in = Files.newInputStream(file)) {
      var own = PosixFilePermissions.fromString("rwx------");
      Files.createDirectory(partial, PosixFilePermissions.asFileAttribute(own));
      try {
        LayerReport report = unpack(in, partial);
        Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
        return report;
      } catch (IOException | RuntimeException | Error e) {
        RemovedTree.remove(partial, e);
        throw e;
      }
    } catch (IOException e) {
      throw new OverlayException(
          "unpacking the layer \"" + file + "\" to \"" + overlay + "\" failed: " + e, e);
    }
  }

  private LayerReport unpack(InputStream in, Path partial) throws IOException {
    var compressed = new LimitedInput.Counter(in);
    try (InputStream archive = decompressed(compressed)) {
      var limited = new LimitedInput(archive, compressed, options.limits());
      UpperTree upper = new UpperTree(partial.resolve("upper"), options);
      Files.createDirectory(partial.resolve("work"));
      return new LayerImport(new TarReader(limited), upper, options).read(file);
    }
  }

  private InputStream decompressed(InputStream in) throws IOException {
    try {
      return Compression.decompress(in);
    } catch (EOFException | ZipException e) {
      throw new InvalidLayerException(
          "the layer \"" + file + "\" cannot be decompressed: " + e.getMessage(), e);
    }
  }
}
