package io.overlaysdk.engine;

import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The {@code upper} of a directory overlay. */
final class DirectoryTop implements Top {
  private final Path overlay;

  DirectoryTop(Path overlay) {
    this.overlay = overlay;
  }

  @Override
  public OverlayFacts.Kind kind() {
    return OverlayFacts.Kind.DIRECTORY;
  }

  @Override
  public ManifestFile manifest() {
    return ManifestFile.ofDirectory(overlay);
  }

  @Override
  public List<Path> unfinished() {
    return names(overlay).stream()
        .filter(DirectoryTop::isUnfinished)
        .map(name -> overlay.resolve(name))
        .toList();
  }

  static boolean isUnfinished(String name) {
    return NewFile.isPartial(Path.of(name))
        && Stream.of("upper", "import", "neutral", LineFile.NAME, ManifestFile.NAME)
            .anyMatch(made -> name.startsWith("." + made + "."));
  }

  static Set<String> names(Path directory) {
    try {
      return Listings.of(directory).stream()
          .map(entry -> entry.getFileName().toString())
          .collect(Collectors.toCollection(TreeSet::new));
    } catch (IOException e) {
      throw new InvalidSpecException("cannot read " + directory + ": " + e, e);
    }
  }

  @Override
  public boolean isEmpty() {
    try {
      return Listings.isEmpty(overlay.resolve("upper"));
    } catch (IOException e) {
      throw new OverlayException("cannot read " + overlay + ": " + e, e);
    }
  }

  @Override
  public Line prepare(Line next, Optional<Frozen> like) {
    return next;
  }

  @Override
  public void announce(Path layer) {
    try {
      Files.createDirectory(layer, Modes.PRIVATE);
      Modes.set(layer, Modes.of(overlay));
    } catch (IOException e) {
      throw new OverlayException("cannot make the layer " + layer + ": " + e, e);
    }
    manifest().read().ifPresent(ManifestFile.ofDirectory(layer)::write);
  }

  @Override
  public void take(Frozen layer) {
    move(overlay.resolve("upper"), layer.directory().resolve("upper"));
  }

  /** Without an upper the layer counts no longer. */
  @Override
  public void giveBack(Frozen layer) {
    move(layer.directory().resolve("upper"), overlay.resolve("upper"));
  }

  private static void move(Path from, Path to) {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new OverlayException("cannot move " + from + " to " + to + ": " + e, e);
    }
  }

  @Override
  public void complete(Line line, Line settled) {
    if (!Frozen.hasUpper(overlay)) {
      Uppers.make(overlay, settled.below().map(id -> line.store().frozen(id).directory()));
    }
  }

  @Override
  public Line fork(Line line, Frozen layer, Manifest manifest, NewFile made) {
    Path partial = made.partial();
    try {
      Files.createDirectory(partial, Modes.PRIVATE);
      Files.createDirectory(partial.resolve("work"));
      Modes.set(partial.resolve("work"), 0755);
    } catch (IOException e) {
      throw new OverlayException("cannot make the overlay " + line.overlay() + ": " + e, e);
    }
    Uppers.make(partial, Optional.of(layer.directory()));
    OverlayLock.makeIn(partial);
    ManifestFile.ofDirectory(partial).write(manifest);
    LineFile.write(line, partial);
    return line;
  }

  @Override
  public Optional<Path> ready(Path layer, List<Frozen> layers) {
    return Optional.empty();
  }

  @Override
  public void forget() {
    // all of it lay inside
  }

  @Override
  public void close() {
    // nothing is made before
  }
}
