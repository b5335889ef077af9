package io.overlaysdk.layers;

import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** The entries of two directories that are seen as one, in the order of the names' bytes. */
final class JoinedEntries implements Iterator<LayerEntry> {
  private final Iterator<LayerEntry> upper;
  private final Iterator<LayerEntry> lower;
  private @Nullable LayerEntry above;
  private @Nullable LayerEntry below;

  JoinedEntries(LayerDirectory upper, LayerDirectory lower) {
    this.upper = upper.ownEntries();
    this.lower = lower.entries().iterator();
    this.above = next(this.upper);
    this.below = next(this.lower);
  }

  private static @Nullable LayerEntry next(Iterator<LayerEntry> entries) {
    return entries.hasNext() ? entries.next() : null;
  }

  @Override
  public boolean hasNext() {
    return above != null || below != null;
  }

  /** Where both have one of a name, that of the upper one. */
  @Override
  public LayerEntry next() {
    int order = order();
    LayerEntry entry = order <= 0 ? above : below;
    if (entry == null) {
      throw new NoSuchElementException();
    }
    if (order <= 0) {
      above = next(upper);
    }
    if (order >= 0) {
      below = next(lower);
    }
    return entry;
  }

  private int order() {
    if (above == null || below == null) {
      return above == null ? 1 : -1;
    }
    return Arrays.compareUnsigned(above.rawName(), below.rawName());
  }
}
