package io.overlaysdk.layers.oci;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.layers.LayerDirectory;
import io.overlaysdk.layers.LayerEntry;
import io.overlaysdk.layers.LayerEntry.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

  /** Which entries of the parts are at a path, once it was asked what is seen. */
  private final Map<ContainerPath, List<Seen>> found = new HashMap<>();

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
    found.clear();
    for (Part part : parts) {
      for (LayerEntry entry : part.directory().entries()) {
        Seen seen = new Seen(entry, part.directory(), part.layer());
        first.putIfAbsent(entry.path(), seen);
        found.computeIfAbsent(entry.path(), path -> new ArrayList<>(1)).add(seen);
      }
    }
    first.values().removeIf(seen -> seen.entry().kind() == Kind.WHITEOUT);
    return first;
  }

  /** Itself, and whose its attributes are. */
  Seen self() {
    Part top = parts.get(0);
    return new Seen(top.directory().self(), top.directory(), top.layer());
  }

  /** The directory of this path in it. */
  MergedDirectory open(ContainerPath path) {
    if (found.isEmpty()) {
      entries();
    }
    MergedDirectory child = new MergedDirectory(new ArrayList<>());
    try {
      for (Seen seen : found.getOrDefault(path, List.of())) {
        if (!seen.entry().isDirectory()) {
          break;
        }
        child.add(seen.layer(), seen.in().open(seen.entry()));
        if (!child.isOpen()) {
          break;
        }
      }
      return child;
    } catch (RuntimeException e) {
      child.close();
      throw e;
    }
  }

  @Override
  public void close() {
    parts.forEach(part -> part.directory().close());
  }
}
