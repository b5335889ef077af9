package io.overlaysdk.yaml;

import io.overlaysdk.Overlay;
import java.nio.file.Path;
import java.util.List;

/**
 * An overlay of a workflow.
 *
 * @param size in bytes, where it is to be made as an image; 0 for a directory
 */
record DeclaredOverlay(Overlay overlay, long size) {
  static final List<String> KEYS = List.of("path", "size", "ephemeral");

  private static final long SMALLEST = 1 << 20;

  static DeclaredOverlay read(Node node) {
    Section section = Section.of(node, KEYS);
    if (section.oneOf("an overlay", List.of("path", "ephemeral")).equals("ephemeral")) {
      if (section.has("size")) {
        throw section
            .keyPlace("size")
            .error("write the size of an ephemeral overlay as its value: ephemeral: 256M");
      }
      return new DeclaredOverlay(ephemeral(section.get("ephemeral")), 0);
    }
    return new DeclaredOverlay(
        Overlay.at(Values.path(section.get("path"))),
        section.find("size").map(DeclaredOverlay::size).orElse(0L));
  }

  private static Overlay ephemeral(Node node) {
    if (node instanceof Node.Scalar scalar && scalar.kind() == Node.Kind.TRUTH) {
      if (!node.truth()) {
        throw node.place().error("expected true or a size; for an overlay that stays give a path");
      }
      return Overlay.ephemeral();
    }
    long size = Values.size(node);
    return node.place().check(() -> Overlay.ephemeral(size));
  }

  private static long size(Node node) {
    long size = Values.size(node);
    if (size < SMALLEST) {
      throw node.place().error("an overlay image needs at least 1M, not " + size + " bytes");
    }
    return size;
  }

  /** Where it lies, for a step that needs one that stays. */
  Path path(Place place, String action) {
    return overlay
        .path()
        .orElseThrow(
            () ->
                place.error(
                    "cannot "
                        + action
                        + " an ephemeral overlay: it lasts only as long as a session"));
  }
}
