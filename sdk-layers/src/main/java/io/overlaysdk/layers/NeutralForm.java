package io.overlaysdk.layers;

import java.nio.file.Path;
import java.util.List;

/**
 * Brings an upper directory into the form that every driver reads alike: what is hidden is a 0:0
 * character device, an opaque directory has one for each entry that it hides, and there is no other
 * marker.
 *
 * <p>It can be stopped at any moment, by a kill too: what is there then reads the same, but for
 * modes and times that were put aside, and running it again finishes the work. A layer that is in
 * this form is left as it is. Modes, owners and times of the entries stay what they were.
 */
public final class NeutralForm {

  /** What was done: whiteouts made, marker files and attributes taken away. */
  public record Rewritten(long whiteouts, long files, long attributes) {
    public boolean nothing() {
      return whiteouts + files + attributes == 0;
    }
  }

  private NeutralForm() {}

  /**
   * Rewrites the markers of {@code upper}, which must be at rest.
   *
   * @param lowersBottomToTop what lies below it: an opaque directory hides what they have
   * @param scratch a directory on the same file system, outside of the layer, such as the one that
   *     holds {@code upper} and {@code work}; what is put aside is kept there, the same one each
   *     time
   * @throws InexpressibleException where an entry cannot be expressed; nothing was changed
   * @throws UnreadableMarkersException where only {@link ExtendedAttributes} could tell what is
   *     hidden; nothing was changed
   * @throws io.overlaysdk.OverlayException where something cannot be read or written; run it again
   *     when that is mended
   */
  public static Rewritten make(
      List<Layer> lowersBottomToTop, Layer upper, Whiteouts whiteouts, Path scratch) {
    if (lowersBottomToTop.isEmpty()) {
      throw new IllegalArgumentException("nothing lies below " + upper + ": no lower layer");
    }
    return make(lowersBottomToTop, upper, whiteouts, scratch, () -> {});
  }

  /** A test ends it before any of its steps. */
  static Rewritten make(
      List<Layer> lowersBottomToTop,
      Layer upper,
      Whiteouts whiteouts,
      Path scratch,
      Runnable beforeStep) {
    try (Rewriting rewriting =
        new Rewriting(lowersBottomToTop, upper, whiteouts, scratch, beforeStep)) {
      return rewriting.run();
    }
  }
}
