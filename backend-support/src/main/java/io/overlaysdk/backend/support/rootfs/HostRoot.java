package io.overlaysdk.backend.support.rootfs;

import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.ImageFacts.Place;
import io.overlaysdk.spi.ImageFacts.Use;
import io.overlaysdk.spi.Request;
import java.util.List;
import java.util.Optional;

/**
 * The machine's own root as the image. Root's is a layer like any other; what is mounted in it, and
 * all that a plain user's is put together from, has an overlay of its own. The changes of all of
 * them lie in one upper directory, each at its own path.
 */
final class HostRoot {
  private final List<Place> places;
  private final boolean root;

  private HostRoot(Request request) {
    this.places = request.image().places();
    this.root = Mode.of(request) == Mode.ROOT;
  }

  /** Empty for every other image. */
  static Optional<HostRoot> of(Request request) {
    return request.image().kind() == ImageFacts.Kind.HOST
        ? Optional.of(new HostRoot(request))
        : Optional.empty();
  }

  /** Whether there is nothing to merge at first: only directories in which places are mounted. */
  boolean isTree() {
    return !root;
  }

  /** Before anything is merged: what the root has to have where places will be. */
  void addFrames(Stack stack, Operations operations) {
    for (Place place : places) {
      String path = place.path().toString();
      if (!root) {
        switch (place.use()) {
          case LINK -> operations.add("copy", path);
          case READ_ONLY -> operations.point(path, path);
          case OVERLAY, FOLDER -> operations.point("/", path);
        }
      }
    }
    stack.upper().ifPresent(upper -> addFrames(upper.changes(), operations));
  }

  /** The innermost first: what is around it may have to be closed against writing then. */
  private void addFrames(String changes, Operations operations) {
    for (int i = places.size() - 1; i >= 0; i--) {
      if (places.get(i).use() == Use.OVERLAY) {
        operations.add("frame", changes, places.get(i).path().toString());
      }
    }
  }

  /** After that: what lies in the root. */
  void addPlaces(Stack stack, String mount, Operations operations) {
    String changes = stack.upper().map(Stack.Upper::changes).orElse("");
    String work = stack.upper().map(Stack.Upper::work).orElse("");
    String options = RootTools.options(root);
    for (Place place : places) {
      String path = place.path().toString();
      switch (place.use()) {
        case OVERLAY -> operations.add("part", path, mount, options, changes, work);
        case READ_ONLY -> operations.add("fixed", path);
        case FOLDER, LINK -> {}
      }
    }
  }
}
