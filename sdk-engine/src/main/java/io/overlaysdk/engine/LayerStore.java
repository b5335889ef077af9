package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Where the layers are that overlays of one origin lie on, each once: {@code .NAME.layers} beside
 * the first of them. Beside the layers it knows the overlays, so that no layer is deleted that one
 * of them still needs.
 *
 * @param directory where it is; made when the first layer is
 */
record LayerStore(Path directory) {
  private static final String END = ".layers";
  private static final String LINES = "lines";
  private static final String DELETED = ".deleted";
  private static final Pattern ID = Pattern.compile("[0-9a-f]{12}");
  private static final Set<String> OF_LINE = Set.of("overlay", "tips");
  private static final SecureRandom RANDOM = new SecureRandom();

  /**
   * An overlay that lies, or lay, on layers of the store.
   *
   * @param id what its own file calls it
   * @param overlay where it was when it was last written down
   * @param tips the snapshots that were the latest of some branch it was on
   */
  record Known(String id, Path overlay, Set<String> tips) {
    /** The snapshot that it lies on now, where it is where it was. */
    Optional<String> current() {
      return line().filter(line -> !line.isReplaced()).flatMap(line -> line.settled().below());
    }

    private Optional<Line> line() {
      return LineFile.ofOverlay(overlay).filter(line -> line.id().equals(id));
    }

    /** Whether a snapshot was cut off before anything told the overlay of it. */
    private boolean isDead(Frozen tip) {
      return !tip.isTaken()
          && line().filter(line -> !line.below().equals(Optional.of(tip.id()))).isPresent();
    }
  }

  static LayerStore beside(Path overlay) {
    return new LayerStore(overlay.resolveSibling("." + overlay.getFileName() + END));
  }

  static boolean isName(Path path) {
    String name = String.valueOf(path.getFileName());
    return name.startsWith(".") && name.endsWith(END) && name.length() > END.length() + 1;
  }

  /** Whether a directory is one of the layers of a store. */
  static boolean isLayer(Path directory) {
    Path store = directory.getParent();
    return isId(directory.getFileName().toString())
        && store != null
        && store.getFileName() != null
        && isName(store);
  }

  static boolean isId(String text) {
    return ID.matcher(text).matches();
  }

  static String newId() {
    byte[] bytes = new byte[6];
    RANDOM.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  /** For whoever changes something in it. */
  OverlayLock lock(Locking locking) {
    try {
      if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectory(directory);
      }
      if (!Files.isDirectory(directory.resolve(LINES), LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectory(directory.resolve(LINES));
      }
    } catch (IOException e) {
      throw new OverlayException("cannot make " + directory + " for the layers: " + e, e);
    }
    return OverlayLock.take(
        new OverlayFacts(OverlayFacts.Kind.DIRECTORY, directory, Access.READ_WRITE), locking, "");
  }

  /**
   * @throws CorruptOverlayException where there is no such layer
   */
  Frozen frozen(String id) {
    Path layer = directory.resolve(id);
    if (!Files.isDirectory(layer, LinkOption.NOFOLLOW_LINKS)) {
      throw new CorruptOverlayException(
          "there is no layer "
              + layer
              + ", on which an overlay lies; was the overlay moved without "
              + directory
              + "?",
          null);
    }
    return LineFile.ofLayer(layer);
  }

  /** The snapshots, the oldest first. */
  List<Frozen> snapshots() {
    return names(directory).stream()
        .filter(LayerStore::isId)
        .map(this::frozen)
        .filter(layer -> layer.isTaken() && layer.back().isEmpty())
        .sorted(Comparator.comparing(Frozen::taken).thenComparing(Frozen::id))
        .toList();
  }

  /**
   * Adds a layer, which counts as not there as long as it has no {@code upper} and no image.
   *
   * @param making makes its directory, and tells where
   */
  Frozen add(Frozen layer, Function<NewFile, Path> making) {
    Path made = making.apply(NewFile.of(layer.directory()));
    LineFile.write(layer.in(made));
    try {
      Files.move(made, layer.directory(), StandardCopyOption.ATOMIC_MOVE);
      return layer;
    } catch (IOException e) {
      throw new OverlayException("cannot make the layer " + layer.directory() + ": " + e, e);
    }
  }

  void remember(Line line, Set<String> tips) {
    remember(line.id(), line.overlay(), tips);
  }

  private void remember(String id, Path overlay, Set<String> tips) {
    Map<String, String> texts = new TreeMap<>();
    texts.put("overlay", directory.relativize(overlay).toString());
    texts.put("tips", String.join(" ", new TreeSet<>(tips)));
    TextsFile.write(directory.resolve(LINES).resolve(id), texts);
  }

  Set<String> tips(Line line) {
    return known().stream()
        .filter(known -> known.id().equals(line.id()))
        .findFirst()
        .map(Known::tips)
        .orElse(Set.of());
  }

  void forget(String line) {
    try {
      Files.deleteIfExists(directory.resolve(LINES).resolve(line));
    } catch (IOException e) {
      throw new OverlayException("cannot change " + directory + ": " + e, e);
    }
  }

  /** Whoever has no lock may find less than there was a moment ago. */
  List<Known> known() {
    Path lines = directory.resolve(LINES);
    return names(lines).stream()
        .filter(LayerStore::isId)
        .flatMap(
            id -> TextsFile.read(lines.resolve(id), OF_LINE).map(file -> known(id, file)).stream())
        .toList();
  }

  private Known known(String id, TextsFile file) {
    Set<String> tips = new TreeSet<>();
    for (String tip : file.required("tips").split(" ")) {
      if (isId(tip)) {
        tips.add(tip);
      }
    }
    return new Known(id, file.path("overlay", directory), tips);
  }

  /**
   * Deletes the layers that no overlay needs.
   *
   * @return whether nobody needs the store any more, which is then empty
   */
  boolean collect(Removal removal) {
    Set<String> needed = new HashSet<>();
    List<Known> known = known();
    for (Known line : known) {
      living(line).forEach(tip -> need(tip, needed));
      line.current().ifPresent(id -> need(id, needed));
    }
    for (String name : names(directory)) {
      if (isId(name) && !needed.contains(name)) {
        removal.remove(putAside(name));
      }
    }
    return known.isEmpty();
  }

  /** The tips of a line, which from then on has no others. */
  private Set<String> living(Known line) {
    Set<String> living = new TreeSet<>(line.tips());
    if (living.removeIf(tip -> line.isDead(frozen(tip)))) {
      remember(line.id(), line.overlay(), living);
    }
    return living;
  }

  /**
   * Deletes what was cut off when it was made, or when it was deleted: whoever has the lock may.
   *
   * @param left where overlays may not be that it knows, as they never came or have been deleted
   * @return what has been deleted
   */
  List<Path> sweep(Removal removal, List<Path> left) {
    List<Path> swept = new ArrayList<>();
    for (String name : names(directory)) {
      if (name.endsWith(DELETED)) {
        forget(name.substring(1, name.length() - DELETED.length()));
      }
      if (name.startsWith(".")) {
        swept.add(directory.resolve(name));
      }
    }
    Path lines = directory.resolve(LINES);
    for (String name : names(lines)) {
      if (name.startsWith(".")) {
        swept.add(lines.resolve(name));
      }
    }
    swept.forEach(removal::remove);
    missing(left).forEach(one -> forget(one.id()));
    return swept;
  }

  /** Which of the overlays at these places are not there; another one may be. */
  List<Known> missing(List<Path> places) {
    return places.isEmpty()
        ? List.of()
        : known().stream()
            .filter(one -> places.contains(one.overlay()) && one.line().isEmpty())
            .toList();
  }

  /** Adds a layer, what it lies on, and the history of it. */
  private void need(String id, Set<String> needed) {
    Deque<String> left = new ArrayDeque<>(List.of(id));
    while (!left.isEmpty()) {
      String next = left.pop();
      if (needed.add(next)) {
        Frozen layer = frozen(next);
        Stream.of(layer.below(), layer.parent(), layer.back())
            .flatMap(Optional::stream)
            .forEach(left::push);
      }
    }
  }

  /** Where nobody takes it for a layer, or an overlay, while it is deleted. */
  Path aside(String id) {
    return directory.resolve("." + id + DELETED);
  }

  private Path putAside(String id) {
    Path aside = aside(id);
    try {
      return Files.move(directory.resolve(id), aside, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new OverlayException("cannot delete " + directory.resolve(id) + ": " + e, e);
    }
  }

  private static List<String> names(Path directory) {
    List<String> names = new ArrayList<>();
    try {
      Listings.of(directory).forEach(entry -> names.add(entry.getFileName().toString()));
    } catch (IOException e) {
      throw new OverlayException("cannot read " + directory + ": " + e, e);
    }
    return names;
  }
}
