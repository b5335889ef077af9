package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.LayerReport;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.layers.LayerDirectory;
import io.overlaysdk.layers.LayerEntry;
import io.overlaysdk.layers.LayerEntry.Kind;
import io.overlaysdk.layers.Permissions;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/** Goes through an upper directory once and writes what it finds. */
final class LayerExport {
  private static final ContainerPath ROOT = ContainerPath.of("/");

  /** A whiteout of nothing; {@link LayerWriter#neutralOver} says what for. */
  private static final byte[] OWNER = ".owner-of-the-root".getBytes(US_ASCII);

  private final TarWriter tar;
  private final OwnerMap owners;
  private final EntryWriter writer;

  /** What lies below an archive in neutral form; empty where it is a layer of an image. */
  private final Optional<List<Layer>> lowers;

  /** That of the root, in neutral form. */
  private @Nullable Permissions owner;

  /** Whether anything in the archive has that owner. */
  private boolean named;

  private long whiteouts;
  private long opaque;

  LayerExport(TarWriter tar, OwnerMap owners, Instant latest, Optional<List<Layer>> lowers) {
    this.tar = tar;
    this.owners = owners;
    this.lowers = lowers;
    this.writer =
        new EntryWriter(tar, latest, lowers.isPresent() ? TreeUse.SQUASHFS : TreeUse.OCI_LAYER);
  }

  LayerReport write(Layer layer) throws IOException {
    try (LayerDirectory root = layer.open()) {
      if (lowers.isPresent()) {
        owner = EntryWriter.inContainer(root, root.self(), owners);
        contents(root, hidden(root, null));
        if (!named && (owner.uid() != 0 || owner.gid() != 0)) {
          tar.header(TarEntry.device(OWNER, owner));
        }
      } else {
        directory(root, root, false);
      }
    }
    tar.finish();
    return writer.report(whiteouts, opaque);
  }

  /**
   * Writes a directory and all in it.
   *
   * @param cut nothing of the layers below is seen here anyway, so that no marker says anything
   */
  private void directory(LayerDirectory parent, LayerDirectory directory, boolean cut)
      throws IOException {
    refuseRedirect(directory);
    writer.directory(parent, directory.self(), owners);
    byte[] prefix =
        directory.path().equals(ROOT) ? new byte[0] : EntryWriter.name(directory.self());
    boolean hides = cut || directory.isOpaque();
    if (hides && !cut) {
      tar.header(TarEntry.marker(LayerNames.opaque(prefix)));
      opaque++;
    }
    for (LayerEntry entry : markersFirst(directory, prefix, hides)) {
      if (entry.isDirectory()) {
        try (LayerDirectory child = directory.open(entry)) {
          directory(directory, child, hides);
        }
      } else {
        writer.other(directory, entry, owners);
      }
    }
  }

  /** OCI: whiteouts stand before the entries of their directory. Returns those entries. */
  private List<LayerEntry> markersFirst(LayerDirectory directory, byte[] prefix, boolean hides)
      throws IOException {
    List<LayerEntry> rest = new ArrayList<>();
    for (LayerEntry entry : directory.entries()) {
      if (entry.kind() != Kind.WHITEOUT) {
        rest.add(entry);
      } else if (!hides) {
        if (LayerNames.isMarker(entry.name())) {
          throw EntryWriter.unsupported(entry, "is deleted, and has a name that no layer can have");
        }
        tar.header(TarEntry.marker(LayerNames.whiteout(prefix, entry.name())));
        whiteouts++;
      }
    }
    return rest;
  }

  /**
   * Writes what is in a directory, in neutral form.
   *
   * @param hidden what the layers below have there, of which nothing is seen; null where it is
   *     seen, or nobody has looked because nothing needs to be hidden
   */
  private void contents(LayerDirectory directory, @Nullable MergedDirectory hidden)
      throws IOException {
    for (LayerEntry entry : devicesFirst(directory, hidden)) {
      if (entry.isDirectory()) {
        try (LayerDirectory child = directory.open(entry);
            MergedDirectory lower = hidden(child, hidden)) {
          refuseRedirect(child);
          writer.directory(directory, entry, owners);
          contents(child, lower);
        }
      } else {
        writer.other(directory, entry, owners);
      }
    }
  }

  private @Nullable MergedDirectory hidden(
      LayerDirectory directory, @Nullable MergedDirectory above) {
    if (above != null) {
      return above.open(directory.path());
    }
    if (!directory.isOpaque()) {
      return null;
    }
    MergedDirectory at = MergedDirectory.root(lowers.orElseThrow());
    for (ContainerPath part : RawPaths.parts(directory.path())) {
      try (MergedDirectory parent = at) {
        at = parent.open(part);
      }
    }
    opaque += at.isThere() ? 1 : 0;
    return at;
  }

  /**
   * Writes a device for each entry that is deleted, and for each of a directory of which nothing is
   * seen. Returns the other entries.
   */
  @SuppressWarnings("NullAway") // in neutral form there is an owner
  private List<LayerEntry> devicesFirst(LayerDirectory directory, @Nullable MergedDirectory hidden)
      throws IOException {
    List<LayerEntry> rest = new ArrayList<>();
    SortedSet<ContainerPath> gone = new TreeSet<>();
    if (hidden != null) {
      gone.addAll(hidden.entries().keySet());
    }
    for (LayerEntry entry : directory.entries()) {
      if (entry.kind() == Kind.WHITEOUT) {
        gone.add(entry.path());
      } else {
        gone.remove(entry.path());
        rest.add(entry);
      }
    }
    for (ContainerPath path : gone) {
      byte[] name = Arrays.copyOfRange(path.bytes(), 1, path.bytes().length);
      if (LayerNames.isMarker(RawPaths.last(path))) {
        throw new UnsupportedException(
            path + " is deleted, and fuse-overlayfs would take its name for a marker");
      }
      tar.header(TarEntry.device(name, owner));
      named = true;
      whiteouts++;
    }
    return rest;
  }

  private static void refuseRedirect(LayerDirectory directory) {
    if (directory.redirect().isPresent()) {
      throw EntryWriter.unsupported(
          directory.self(),
          "is a directory that the driver renamed from "
              + directory.redirect().get()
              + " without a copy of what is in it");
    }
  }

  /** The attributes of the root, which an archive in neutral form does not hold. */
  static LayerWriter.Root root(LayerDirectory root, OwnerMap owners, Instant latest) {
    LayerEntry self = root.self();
    Permissions permissions = EntryWriter.inContainer(root, self, owners);
    Instant modified = self.modified().isAfter(latest) ? latest : self.modified();
    TreeUse.SQUASHFS.require(self.path(), modified, root.attributes(self));
    return new LayerWriter.Root(permissions, modified);
  }
}
