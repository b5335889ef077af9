package io.overlaysdk.yaml;

import io.overlaysdk.Image;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * An image of a workflow.
 *
 * @param definition what it can be built from, found beside the workflow
 */
record DeclaredImage(Image image, Optional<Path> definition) {
  static final List<String> KEYS = List.of("path", "definition", "uri", "host");

  /**
   * @param file the workflow
   */
  static DeclaredImage read(Node node, Path file) {
    Section section = Section.of(node, KEYS);
    String kind = section.oneOf("an image", List.of("path", "uri", "host"));
    if (section.has("definition") && !kind.equals("path")) {
      throw section
          .keyPlace("definition")
          .error("only an image with a path can be built from a definition");
    }
    return new DeclaredImage(
        image(section, kind), section.find("definition").map(given -> definition(given, file)));
  }

  private static Image image(Section section, String kind) {
    Node value = section.get(kind);
    return switch (kind) {
      case "path" -> Image.at(Values.path(value));
      case "uri" -> uri(value);
      default -> host(value);
    };
  }

  private static Image uri(Node node) {
    String text = Values.name(node);
    if (!text.contains("://")) {
      throw node.place()
          .error("an image URI needs a scheme, such as docker://: " + Shown.quoted(text));
    }
    return node.place().check(() -> Image.parse(text));
  }

  private static Image host(Node node) {
    if (!node.truth()) {
      throw node.place().error("expected true; else leave the key out and name another image");
    }
    return Image.host();
  }

  private static Path definition(Node node, Path file) {
    Path definition = file.resolveSibling(Values.path(node));
    if (!Files.isRegularFile(definition)) {
      throw node.place()
          .error(
              "missing file: there is no definition file "
                  + definition
                  + "; definitions are looked for beside the workflow");
    }
    return definition;
  }

  /** The path of an image that is built or checked, which must have one. */
  Path path(Place place, String action) {
    return image
        .path()
        .orElseThrow(
            () -> place.error("cannot " + action + " " + image + ": it is no file with a path"));
  }

  Path definition(Place place) {
    return definition.orElseThrow(
        () ->
            place.error(
                "cannot build "
                    + image
                    + ": its declaration names no definition file; add \"definition\""));
  }
}
