package io.overlaysdk.layers.oci;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.LayerReport;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.layers.LayerDirectory;
import io.overlaysdk.layers.LayerEntry;
import io.overlaysdk.layers.LayerEntry.Kind;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Goes through an upper directory once and writes what it finds. */
final class LayerExport {
  private static final ContainerPath ROOT = ContainerPath.of("/");

  private final TarWriter tar;
  private final OwnerMap owners;
  private final EntryWriter writer;
  private long whiteouts;
  private long opaque;

  LayerExport(TarWriter tar, OwnerMap owners, Instant latest) {
    this.tar = tar;
    this.owners = owners;
    this.writer = new EntryWriter(tar, latest, TreeUse.OCI_LAYER);
  }

  LayerReport write(Layer layer) throws IOException {
    try (LayerDirectory root = layer.open()) {
      directory(root, root, false);
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

  private static void refuseRedirect(LayerDirectory directory) {
    if (directory.redirect().isPresent()) {
      throw EntryWriter.unsupported(
          directory.self(),
          "is a directory that the driver renamed from "
              + directory.redirect().get()
              + " without a copy of what is in it");
    }
  }
}
