package io.overlaysdk.engine;

import io.overlaysdk.CorruptOverlayException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * {@code line.json} in a directory overlay, {@code NAME.line.json} beside an image, and {@code
 * layer.json} in each layer of a store.
 */
final class LineFile {
  static final String NAME = "line.json";
  private static final String OF_A_LAYER = "layer.json";

  private static final Set<String> OF_OVERLAY = Set.of("id", "store", "below", "volume");
  private static final Set<String> OF_LAYER = Set.of("below", "parent", "back", "taken", "message");

  private LineFile() {}

  /**
   * Empty where the overlay was never frozen, or is not there.
   *
   * @throws CorruptOverlayException where what is there is no such file
   */
  static Optional<Line> ofOverlay(Path overlay) {
    boolean image = Files.isRegularFile(overlay, LinkOption.NOFOLLOW_LINKS);
    if (!image && !Files.isDirectory(overlay, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    return TextsFile.read(image ? beside(overlay) : overlay.resolve(NAME), OF_OVERLAY)
        .map(
            file ->
                new Line(
                    overlay,
                    id(file, file.required("id")),
                    store(file, overlay),
                    id(file, file.text("below")),
                    image ? Optional.of(file.required("volume")) : Optional.empty()));
  }

  static Path beside(Path image) {
    return image.resolveSibling(image.getFileName() + "." + NAME);
  }

  private static LayerStore store(TextsFile file, Path overlay) {
    Path store = file.path("store", overlay);
    if (!LayerStore.isName(store)) {
      throw file.damaged("\"" + file.required("store") + "\" is the name of no store", null);
    }
    return new LayerStore(store);
  }

  /**
   * A layer says nothing of its store: it is in it.
   *
   * @throws CorruptOverlayException where what is there is no layer
   */
  static Frozen ofLayer(Path directory) {
    TextsFile file =
        TextsFile.read(directory.resolve(OF_A_LAYER), OF_LAYER)
            .orElseThrow(
                () ->
                    new CorruptOverlayException(
                        "there is no layer at " + directory + ", or it lacks its " + OF_A_LAYER,
                        null));
    try {
      return new Frozen(
          directory,
          directory.getFileName().toString(),
          id(file, file.text("below")),
          id(file, file.text("parent")),
          id(file, file.text("back")),
          Instant.parse(file.required("taken")),
          file.text("message").orElse(""));
    } catch (DateTimeParseException e) {
      throw file.damaged("\"taken\" is no time such as 2026-11-23T08:00:00Z", e);
    }
  }

  private static Optional<String> id(TextsFile file, Optional<String> text) {
    return text.map(id -> id(file, id));
  }

  private static String id(TextsFile file, String text) {
    if (!LayerStore.isId(text)) {
      throw file.damaged("\"" + text + "\" is the name of no layer", null);
    }
    return text;
  }

  static void write(Line line) {
    writeTo(
        line.volume().isPresent() ? beside(line.overlay()) : line.overlay().resolve(NAME), line);
  }

  /**
   * @param directory where the overlay is until it is moved to its place beside
   */
  static void write(Line line, Path directory) {
    writeTo(directory.resolve(NAME), line);
  }

  private static void writeTo(Path file, Line line) {
    TextsFile.write(file, texts(line));
  }

  private static Map<String, String> texts(Line line) {
    Map<String, String> texts = new TreeMap<>();
    texts.put("id", line.id());
    texts.put("store", line.overlay().relativize(line.store().directory()).toString());
    line.below().ifPresent(below -> texts.put("below", below));
    line.volume().ifPresent(volume -> texts.put("volume", volume));
    return texts;
  }

  /** Of an image that is not in its place yet. */
  static void write(Line line, NewFile image) {
    Path file = beside(image.target());
    TextsFile.write(file, image.partialOf(file), texts(line));
  }

  static void write(Frozen layer) {
    Map<String, String> texts = new TreeMap<>();
    layer.below().ifPresent(below -> texts.put("below", below));
    layer.parent().ifPresent(parent -> texts.put("parent", parent));
    layer.back().ifPresent(back -> texts.put("back", back));
    texts.put("taken", layer.taken().toString());
    texts.put("message", layer.message());
    TextsFile.write(layer.directory().resolve(OF_A_LAYER), texts);
  }
}
