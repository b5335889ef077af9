package io.overlaysdk.layers.oci;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.layers.LayerDirectory;
import io.overlaysdk.layers.LayerEntry;
import io.overlaysdk.layers.LayerEntry.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** One directory as it is seen through several layers. */
final class MergedDirectory implements AutoCloseable {

  /** An entry that is seen, and whose it is. */
  record Seen(LayerEntry entry, LayerDirectory in, Layer layer) {}

  /** A directory of one layer, open. */
  private record Part(Layer layer, LayerDirectory directory) {}

  /** The topmost first; the last one may be opaque, none before it is. */
  private final List<Part> parts;

  private MergedDirectory(List<Part> parts) {
    this.parts = parts;
  }

  /** The root that these layers show, the lowest of them first. */
  static MergedDirectory root(List<Layer> layers) {
    MergedDirectory merged = new MergedDirectory(new ArrayList<>());
    try {
      for (int i = layers.size() - 1; i >= 0 && merged.isOpen(); i--) {
        merged.add(layers.get(i), layers.get(i).open());
      }
      return merged;
    } catch (RuntimeException e) {
      merged.close();
      throw e;
    }
  }

  private void add(Layer layer, LayerDirectory directory) {
    parts.add(new Part(layer, directory));
    if (directory.redirect().isPresent()) {
      throw new UnsupportedException(
          "the lower layer \""
              + layer
              + "\" has a renamed directory, "
              + directory.path()
              + "; bring it into neutral form first");
    }
  }

  /** Whether what lies below shows through the lowest part. */
  private boolean isOpen() {
    return parts.isEmpty() || !parts.get(parts.size() - 1).directory().isOpaque();
  }

  /** Whether any of the layers has it. */
  boolean isThere() {
    return !parts.isEmpty();
  }

  /** What is seen in it, by its path. */
  SortedMap<ContainerPath, Seen> entries() {
    SortedMap<ContainerPath, Seen> first = new TreeMap<>();
    for (Part part : parts) {
      for (LayerEntry entry : part.directory().entries()) {
        first.putIfAbsent(entry.path(), new Seen(entry, part.directory(), part.layer()));
      }
    }
    first.values().removeIf(seen -> seen.entry().kind() == Kind.WHITEOUT);
    return first;
  }

  /** The directory of this path in it. */
  MergedDirectory open(ContainerPath path) {
    MergedDirectory child = new MergedDirectory(new ArrayList<>());
    try {
      for (Part part : parts) {
        LayerEntry found = find(part, path);
        if (found != null) {
          if (!found.isDirectory()) {
            break;
          }
          child.add(part.layer(), part.directory().open(found));
          if (!child.isOpen()) {
            break;
          }
        }
      }
      return child;
    } catch (RuntimeException e) {
      child.close();
      throw e;
    }
  }

  private static LayerEntry find(Part part, ContainerPath path) {
    for (LayerEntry entry : part.directory().entries()) {
      if (entry.path().equals(path)) {
        return entry;
      }
    }
    return null;
  }

  @Override
  public void close() {
    parts.forEach(part -> part.directory().close());
  }
}
