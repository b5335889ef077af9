package io.overlaysdk.layers;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.layers.LayerEntry.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What the layers below an upper directory show, merged on the fly for just the paths that are
 * asked for.
 */
final class Lowers {
  private final List<Markers> topToBottom = new ArrayList<>();

  Lowers(List<Layer> bottomToTop) {
    for (Layer layer : bottomToTop) {
      topToBottom.add(0, new Markers(layer));
    }
  }

  /** The merged root. */
  LowerEntry root() {
    return root(0);
  }

  private LowerEntry root(int from) {
    List<LowerPart> parts = new ArrayList<>();
    for (int i = from; i < topToBottom.size(); i++) {
      Markers markers = topToBottom.get(i);
      Path root = markers.layer().root();
      Stat stat = Stat.of(root);
      if (stat.kind() != Kind.DIRECTORY) {
        throw new CorruptOverlayException("the layer \"" + root + "\" is no directory");
      }
      parts.add(new LowerPart(markers, i, root, stat));
      if (parts.get(parts.size() - 1).hasSentinel()) {
        break;
      }
    }
    return new LowerEntry(this, parts.get(0), parts, List.of());
  }

  /** What the layers beneath number {@code above} show at a path; null where there is nothing. */
  @Nullable
  LowerEntry below(int above, ContainerPath path) {
    if (above + 1 >= topToBottom.size()) {
      return null;
    }
    LowerEntry entry = root(above + 1);
    byte[] bytes = path.bytes();
    for (int start = 1; start < bytes.length && entry != null; ) {
      int end = start;
      while (end < bytes.length && bytes[end] != '/') {
        end++;
      }
      entry = entry.isDirectory() ? entry.child(Arrays.copyOfRange(bytes, start, end)) : null;
      start = end + 1;
    }
    return entry;
  }

  /** What one name stands for in the directories {@code parts}, the topmost first. */
  @Nullable
  LowerEntry lookup(List<LowerPart> parts, byte[] name) {
    LowerPart first = null;
    List<LowerPart> merged = List.of();
    for (int i = 0; i < parts.size(); i++) {
      LowerPart parent = parts.get(i);
      LowerPart part = parent.child(name);
      boolean cut = parent.hasWhiteoutFile(name);
      if (part != null) {
        if (part.isWhiteout(parent)) {
          break;
        }
        if (part.stat().kind() != Kind.DIRECTORY) {
          return first == null
              ? new LowerEntry(this, part, List.of(), parts.subList(i + 1, parts.size()))
              : new LowerEntry(this, first, merged, List.of());
        }
        first = first == null ? part : first;
        merged = merged.isEmpty() ? new ArrayList<>(parts.size()) : merged;
        merged.add(part);
        cut |= i + 1 < parts.size() && endsAt(part, merged, parts.subList(i + 1, parts.size()));
      }
      if (cut) {
        break;
      }
    }
    return first == null ? null : new LowerEntry(this, first, merged, List.of());
  }

  /** Whether nothing further down belongs to it; what it was renamed from is added first. */
  private boolean endsAt(LowerPart part, List<LowerPart> merged, List<LowerPart> beneath) {
    if (part.isOpaque()) {
      return true;
    }
    byte[] from = part.redirect();
    if (from == null) {
      return false;
    }
    LowerEntry source =
        from[0] == '/' ? below(part.layer(), ContainerPath.of(from)) : lookup(beneath, from);
    if (source != null && source.isDirectory()) {
      merged.addAll(source.parts());
    }
    return true;
  }
}
