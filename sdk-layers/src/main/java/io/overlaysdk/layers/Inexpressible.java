package io.overlaysdk.layers;

import io.overlaysdk.layers.InexpressibleException.Entry;
import io.overlaysdk.layers.LayerEntry.Kind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Finds what the neutral form cannot say, before anything is changed. */
final class Inexpressible {
  private static final int ENOUGH = 20;

  private final Layer layer;
  private final PutAside aside;
  private final List<Entry> found = new ArrayList<>();

  Inexpressible(Layer layer, PutAside aside) {
    this.layer = layer;
    this.aside = aside;
  }

  void look(LayerDirectory directory, @Nullable LowerEntry lower, boolean cut) throws IOException {
    Markers markers = directory.markers();
    if (markers.knowsRedirects() && directory.rawRedirect(lower != null) != null) {
      add(directory.self().file(), "is a renamed directory whose content is in a lower layer");
    }
    attributes(markers, directory.self());
    for (LayerEntry entry : directory.entries()) {
      name(entry, lower);
      if (entry.kind() == Kind.FILE) {
        aside.whileOpen(entry.file(), entry.stat(), () -> file(markers, entry));
      }
    }
    if (cut && lower != null) {
      hidden(directory, lower);
    }
  }

  private void name(LayerEntry entry, @Nullable LowerEntry lower) {
    if (!Names.startsWith(entry.rawName(), Listing.WHITEOUT)) {
      return;
    }
    if (entry.kind() != Kind.WHITEOUT) {
      add(entry.file(), "is a user's file, which fuse-overlayfs would take for a marker");
    } else if (lower != null && lower.child(entry.rawName()) != null) {
      add(entry.file(), "hides a file whose name fuse-overlayfs would take for a marker");
    }
  }

  private void hidden(LayerDirectory directory, LowerEntry lower) {
    for (byte[] name : lower.names()) {
      if (Names.startsWith(name, Listing.WHITEOUT) && lower.child(name) != null) {
        add(
            directory.self().file(),
            "hides \""
                + directory.path().resolve(name)
                + "\", whose name fuse-overlayfs would take for a marker");
      }
    }
  }

  private void file(Markers markers, LayerEntry entry) {
    attributes(markers, entry);
    if (markers.knowsMetacopy() && markers.fileMarks(entry.file()).metacopy()) {
      add(entry.file(), "has attributes only, its content is in a lower layer");
    }
  }

  void refuse() {
    if (!found.isEmpty()) {
      throw new InexpressibleException(layer.root(), found);
    }
  }

  private void attributes(Markers markers, LayerEntry entry) {
    for (String name : UserAttributes.of(entry.file(), entry.kind()).keySet()) {
      if (name.startsWith(Attributes.USER_OVERRIDE) || name.endsWith(".override_stat")) {
        add(entry.file(), "has its owner and mode in " + name + ", which only its driver reads");
      }
    }
    for (String name : markers.attributes(entry.file(), entry.kind()).keySet()) {
      if (name.startsWith(Attributes.USER_OVERLAY) || name.startsWith(Attributes.USER_FUSE)) {
        add(
            entry.file(),
            "has the user's attribute " + name + ", which other drivers hide or read");
      }
    }
  }

  private void add(Path file, String reason) {
    if (found.size() < ENOUGH) {
      found.add(new Entry(file, reason));
    }
  }
}
