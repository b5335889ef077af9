package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.spi.OverlayFacts;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What keeps the names of linked files apart for fuse-overlayfs, which takes all names of a lower
 * file for one and loses what is written to some of them (1.10 to 1.14): a layer directly above
 * theirs with a copy for each name but one. So writing to a name leaves the others as they were,
 * which is what the kernel does.
 *
 * @param layer the layer that has the linked files
 * @param below how many of the session's overlays lie below the copies
 * @param names those that become files of their own, relative to the layer, as bytes
 * @param overlay where the copies are made: a directory overlay, so that no name in it is misread
 */
record Separation(LayerSource layer, int below, List<byte[]> names, Path overlay) {
  Separation {
    names = List.copyOf(names);
  }

  /** The session's overlays with those that hold the copies among them. */
  static List<OverlayFacts> among(List<OverlayFacts> overlays, List<Separation> separations) {
    List<OverlayFacts> all = new ArrayList<>(overlays);
    for (int i = separations.size() - 1; i >= 0; i--) {
      Separation separation = separations.get(i);
      all.add(
          separation.below(),
          new OverlayFacts(OverlayFacts.Kind.DIRECTORY, separation.overlay(), Access.READ_ONLY));
    }
    return List.copyOf(all);
  }

  @Override
  public String toString() {
    return "copy "
        + names.size()
        + " names of linked files of "
        + layer.file()
        + " to "
        + overlay
        + ", because the driver takes all names of such a file for one";
  }
}
