package io.overlaysdk.layers.oci;

import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.layers.LayerDirectory;
import io.overlaysdk.layers.Permissions;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * Writes the upper directory of an overlay as a layer of an OCI image: a tar archive with {@code
 * .wh.NAME} for what is deleted and {@code .wh..wh..opq} where nothing of the layers below shows
 * through. Unpacked over the same base, it gives the merged tree.
 *
 * <p>The same overlay gives the same bytes: each directory is followed by its markers, then by its
 * entries in the order of their bytes; there are no names of users, no times but that of the last
 * modification. Of several names of a file the first one holds the content. A file with holes is
 * written with zeros, as OCI layers demand.
 *
 * <p>Extended attributes are written byte for byte: those in {@code user.}, and the others where
 * the layer was given {@link io.overlaysdk.layers.ExtendedAttributes}; without it they are not
 * seen. That is also where a {@code security.capability} of version 3, as it is stored under a
 * mapping of subordinate ids, becomes one of version 2.
 *
 * <p>What a layer cannot express is refused by name: a file {@code .wh.NAME} of a user, an owner
 * that the {@link OwnerMap} does not know, a renamed directory or a file without content whose rest
 * lies in a lower layer. Bring such an overlay into neutral form first. Sockets, which mean nothing
 * without their process, are left out and reported.
 */
public final class LayerWriter {
  /** With 1 MiB the kernel took up to twice as long to write (ext4, Linux 6.18). */
  private static final int BUFFER = 1 << 16;

  private final Layer layer;
  private final OwnerMap owners;
  private final Instant latest;
  private final Optional<List<Layer>> lowers;

  private LayerWriter(Layer layer, OwnerMap owners, Instant latest, Optional<List<Layer>> lowers) {
    this.layer = Objects.requireNonNull(layer, "layer");
    this.owners = Objects.requireNonNull(owners, "owners");
    this.latest = Objects.requireNonNull(latest, "latest");
    this.lowers = lowers;
  }

  /** Writes this upper directory, whose owners are those in the container. */
  public static LayerWriter of(Layer layer) {
    return new LayerWriter(layer, OwnerMap.identity(), Instant.MAX, Optional.empty());
  }

  /** The same, with owners that are mapped back into the container. */
  public LayerWriter owners(OwnerMap map) {
    return new LayerWriter(layer, map, latest, lowers);
  }

  /** The same, where nothing was modified after this time. */
  public LayerWriter notAfter(Instant time) {
    return new LayerWriter(layer, owners, time, lowers);
  }

  /**
   * The same, not as a layer of an image but as an archive of an upper directory in neutral form,
   * for a program that makes a file system of it: what is hidden is a 0:0 character device, and an
   * opaque directory has one for each entry that it hides. There is no entry for the root: see
   * {@link #root}. Its owner is that of the devices, so that a table of all owners has it; where
   * there is none, and root is not that owner, one more device is added that hides nothing. Refused
   * besides is what {@link io.overlaysdk.layers.NeutralForm} refuses, an attribute outside {@code
   * user.}, {@code trusted.} and {@code security.}, any of the root, and a time that is not in 32
   * bits.
   *
   * @param lowersBottomToTop what lies below it: an opaque directory hides what they have
   */
  public LayerWriter neutralOver(List<Layer> lowersBottomToTop) {
    return new LayerWriter(layer, owners, latest, Optional.of(List.copyOf(lowersBottomToTop)));
  }

  /**
   * The attributes of the root of the layer.
   *
   * @param permissions its mode, and its owner in the container
   * @param modified when it was last modified
   */
  public record Root(Permissions permissions, Instant modified) {}

  /**
   * What {@link #neutralOver} leaves out.
   *
   * @throws io.overlaysdk.UnsupportedException where the root has extended attributes, or an owner
   *     without a number in the container
   */
  public Root root() {
    try (LayerDirectory root = layer.open()) {
      return LayerExport.root(root, owners, latest);
    }
  }

  /**
   * The same, where nothing was modified after this time.
   *
   * @param sourceDateEpoch the value of {@code SOURCE_DATE_EPOCH}, seconds since 1970
   * @throws InvalidSpecException where it is none
   */
  public LayerWriter notAfter(String sourceDateEpoch) {
    try {
      return notAfter(Instant.ofEpochSecond(Long.parseLong(sourceDateEpoch)));
    } catch (NumberFormatException | DateTimeException e) {
      throw new InvalidSpecException(
          "SOURCE_DATE_EPOCH is the number of seconds since 1970, not \"" + sourceDateEpoch + "\"",
          e);
    }
  }

  /**
   * Writes a new file, compressed as its name says. It appears when it is complete.
   *
   * @throws InvalidSpecException where it exists, or has a name that says nothing
   * @throws io.overlaysdk.UnsupportedException where a layer cannot express the overlay
   * @throws OverlayException where the overlay cannot be read, or the file cannot be written
   */
  public LayerReport writeTo(Path file) {
    Compression compression = Compression.of(file);
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      throw exists(file);
    }
    Path partial = file.resolveSibling("." + file.getFileName() + ".partial-" + UUID.randomUUID());
    try {
      LayerReport report = writePartial(partial, compression);
      // a link fails where the name was taken meanwhile; a move would replace what is there
      Files.createLink(file, partial);
      return report;
    } catch (FileAlreadyExistsException e) {
      throw exists(file);
    } catch (IOException e) {
      throw new OverlayException("writing the layer \"" + file + "\" failed: " + e, e);
    } finally {
      delete(partial);
    }
  }

  private static InvalidSpecException exists(Path file) {
    return new InvalidSpecException(
        "the layer would be written to \"" + file + "\", which exists; choose another name");
  }

  private static void delete(Path partial) {
    try {
      Files.deleteIfExists(partial);
    } catch (IOException e) {
      throw new OverlayException("removing \"" + partial + "\" failed: " + e, e);
    }
  }

  private LayerReport writePartial(Path partial, Compression compression) throws IOException {
    try (FileChannel out =
        FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      if (compression == Compression.NONE) {
        return write(out, ByteBuffer.allocateDirect(BUFFER), ByteBuffer.allocateDirect(BUFFER));
      }
      return writeTo(Channels.newOutputStream(out), compression);
    }
  }

  /**
   * Writes to a stream, which stays open.
   *
   * @throws io.overlaysdk.UnsupportedException where a layer cannot express the overlay
   * @throws OverlayException where the overlay cannot be read, or the stream cannot be written
   */
  public LayerReport writeTo(OutputStream out, Compression compression) {
    try (OutputStream compressed = compression.compress(new Uncloseable(out))) {
      return write(
          new StreamChannel(compressed), ByteBuffer.allocate(BUFFER), ByteBuffer.allocate(BUFFER));
    } catch (IOException e) {
      throw new OverlayException("writing a layer of \"" + layer + "\" failed: " + e, e);
    }
  }

  private LayerReport write(WritableByteChannel out, ByteBuffer first, ByteBuffer second)
      throws IOException {
    try (BackgroundOutput output = new BackgroundOutput(out, second)) {
      return new LayerExport(new TarWriter(output, first), owners, latest, lowers).write(layer);
    }
  }
}
