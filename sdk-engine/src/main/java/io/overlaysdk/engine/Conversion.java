package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.OverlayFacts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * What is done to an overlay whose marks the session's driver would misread: it is brought into
 * neutral form. One that is written to is changed in place; one that is only read may be in use by
 * others, so a copy is changed, which only this session sees.
 *
 * @param index which of the session's overlays it is, from the bottom
 * @param from the overlay
 * @param to what it is afterwards
 */
record Conversion(int index, OverlayFacts from, OverlayFacts to) {

  /**
   * What the overlay will be.
   *
   * @throws UnsupportedException where this user cannot know what its marks mean
   */
  static OverlayFacts result(OverlayFacts overlay, int index, Path scratch, Host host) {
    if (overlay.dialects().contains(Dialect.KERNEL_TRUSTED) && !host.identity().isRoot()) {
      throw new UnsupportedException(
          "the overlay "
              + overlay.path()
              + " was written by root with the kernel, which marks what it hides in a way that only"
              + " root can read; let root bring it into neutral form first: overlay convert "
              + overlay.path()
              + " --base IMAGE");
    }
    return overlay.isWritable()
        ? overlay.in(Set.of())
        : new OverlayFacts(
            OverlayFacts.Kind.DIRECTORY, scratch.resolve("neutral" + index), Access.READ_ONLY);
  }

  /** What leads from these overlays to those. */
  static List<Conversion> between(List<OverlayFacts> before, List<OverlayFacts> after) {
    List<Conversion> conversions = new ArrayList<>();
    for (int i = 0; i < before.size(); i++) {
      if (!before.get(i).equals(after.get(i))) {
        conversions.add(new Conversion(i, before.get(i), after.get(i)));
      }
    }
    return List.copyOf(conversions);
  }

  boolean inPlace() {
    return from.path().equals(to.path());
  }

  @Override
  public String toString() {
    return inPlace()
        ? "bring the overlay "
            + from.path()
            + " into neutral form, because the driver would misread "
            + from.dialects()
            + " in it"
        : "copy the overlay "
            + from.path()
            + " to "
            + to.path()
            + " and bring the copy into neutral form, because the driver would misread "
            + from.dialects()
            + " in it";
  }
}
