package io.overlaysdk.layers;

import io.overlaysdk.Changes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What an upper directory changes in what lies below it. The laws:
 *
 * <ul>
 *   <li>Compared is what the container sees, not what the driver wrote: a file that was rewritten
 *       with the same bytes, a whiteout of nothing and a marker are no changes, and a directory
 *       that was removed and made again reports what is not in it any more.
 *   <li>One change for each path, in the order of the paths; only a {@code RENAMED} entry may have
 *       another beside it, for what changed in it since. The path that it came from is {@code
 *       DELETED}, unless something else is there now.
 *   <li>The cost grows with the upper directory: of what lies below, only what the upper directory
 *       touches is looked at, and only files that both have with the same size are read.
 *   <li>At any time the names of one directory for each level of depth are in memory, nothing more.
 * </ul>
 */
public final class LayerChanges {
  private LayerChanges() {}

  /**
   * The changes that {@code upper} makes to the image at the first of {@code lowers}, as changed by
   * the overlays at the rest of them; markers are recognised by evidence.
   */
  public static Changes between(List<Path> lowersBottomToTop, Path upper, ChangeOptions options) {
    List<Layer> lowers = new ArrayList<>();
    for (Path lower : lowersBottomToTop) {
      lowers.add(lowers.isEmpty() ? Layer.base(lower) : Layer.at(lower));
    }
    return between(lowers, Layer.at(upper), options);
  }

  /**
   * The changes that {@code upper} makes to what {@code lowers} show together.
   *
   * @throws IllegalArgumentException where there is no lower layer
   * @throws io.overlaysdk.OverlayException here or from the iterator, where a layer cannot be read
   */
  public static Changes between(List<Layer> lowersBottomToTop, Layer upper, ChangeOptions options) {
    if (lowersBottomToTop.isEmpty()) {
      throw new IllegalArgumentException("nothing to compare " + upper + " with: no lower layer");
    }
    return new Comparison(new Lowers(lowersBottomToTop), upper, options, false);
  }

  /**
   * The differences between two whole trees: what {@code after} has not is deleted.
   *
   * @param before bottom to top
   * @throws IllegalArgumentException where there is no layer before
   */
  public static Changes betweenTrees(List<Layer> before, Layer after, ChangeOptions options) {
    if (before.isEmpty()) {
      throw new IllegalArgumentException("nothing to compare " + after + " with");
    }
    return new Comparison(new Lowers(before), after, options, true);
  }
}
