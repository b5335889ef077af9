package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * An ext3 image. The layer gets a second name of it while it is announced, and an empty image takes
 * the place of the first: at the path there is always the one or the other.
 */
final class ImageTop implements Top {
  private final Path overlay;
  private final EmptyImages images;
  private final Path partial;

  ImageTop(Path overlay, EmptyImages images) {
    this.overlay = overlay;
    this.images = images;
    this.partial = overlay.resolveSibling("." + overlay.getFileName() + "." + UUID.randomUUID());
  }

  /** Which image it is: a new one has another. */
  static String volume(Path image) {
    try (RawFile file = RawFile.open(Found.at(image, Subject.OVERLAY))) {
      return ExtSuperblock.uuid(file, 0);
    }
  }

  @Override
  public OverlayFacts.Kind kind() {
    return OverlayFacts.Kind.EXT3;
  }

  @Override
  public ManifestFile manifest() {
    return ManifestFile.ofImage(overlay);
  }

  @Override
  @SuppressWarnings("NullAway") // an image lies in some directory
  public List<Path> unfinished() {
    List<Path> unfinished = new ArrayList<>();
    String beginning = "." + overlay.getFileName() + ".";
    try {
      for (Path entry : Listings.of(overlay.getParent())) {
        String name = entry.getFileName().toString();
        if (NewFile.isPartial(entry)
            && name.startsWith(beginning)
            && isOurs(name.substring(beginning.length()))) {
          unfinished.add(entry);
        }
      }
    } catch (IOException e) {
      throw new OverlayException("cannot read " + overlay.getParent() + ": " + e, e);
    }
    return unfinished;
  }

  /** Behind the name there is nothing but an id, or the name of a file that lies beside. */
  private static boolean isOurs(String rest) {
    return rest.indexOf('.') < 0
        || rest.startsWith(LineFile.NAME + ".")
        || rest.startsWith(ManifestFile.NAME + ".");
  }

  @Override
  public boolean isEmpty() {
    return images.isEmpty(overlay);
  }

  @Override
  public Line prepare(Line next, Optional<Frozen> like) {
    images.make(partial, overlay, like.map(Frozen::image).orElse(overlay));
    force(partial);
    return next.in(volume(partial));
  }

  private static void force(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    } catch (IOException e) {
      throw new OverlayException("cannot write " + file + ": " + e, e);
    }
  }

  @Override
  public void announce(Path layer) {
    Path offered = layer.resolve(Frozen.OFFERED);
    try {
      Files.createDirectory(layer);
      Files.createLink(offered, overlay);
    } catch (IOException | UnsupportedOperationException e) {
      throw new UnsupportedException(
          "a snapshot of an image needs a second name (a hard link) for it, and "
              + offered
              + " cannot be made: "
              + e);
    }
    manifest().read().ifPresent(ofLayer(layer)::write);
  }

  /** While it does not lie there yet. */
  private static ManifestFile ofLayer(Path layer) {
    return ManifestFile.beside(layer.resolve(Frozen.IMAGE), layer.resolve(Frozen.OFFERED));
  }

  @Override
  public void take(Frozen layer) {
    move(partial, overlay);
  }

  @Override
  public void giveBack(Frozen layer) {
    // there is no room that what is left to do could lack
  }

  @Override
  public void complete(Line line, Line settled) {
    Optional<Frozen> top = line.below().map(line.store()::frozen).filter(Frozen::isOffered);
    if (top.isEmpty()) {
      return;
    }
    Path offered = top.get().offered();
    if (line.isTaken(top.get())) {
      if (manifest().read().isEmpty()) {
        ofLayer(top.get().directory()).read().ifPresent(manifest()::write);
      }
      move(offered, top.get().image());
    } else {
      delete(offered);
    }
  }

  @Override
  public Line fork(Line line, Frozen layer, Manifest manifest, NewFile made) {
    Path image = made.partial();
    images.make(image, overlay, layer.image());
    force(image);
    Line known = line.in(volume(image));
    ManifestFile file = ManifestFile.ofImage(made);
    file.write(manifest, made.partialOf(file.path()));
    LineFile.write(known, made);
    return known;
  }

  /** What is made for a fork besides the image. */
  static List<Path> partials(NewFile fork) {
    return Stream.of(ManifestFile.ofImage(fork).path(), LineFile.beside(fork.target()))
        .map(fork::partialOf)
        .toList();
  }

  @Override
  public Optional<Path> ready(Path layer, List<Frozen> layers) {
    try {
      Files.createDirectory(layer);
    } catch (IOException e) {
      throw new OverlayException("cannot make the layer " + layer + ": " + e, e);
    }
    Path image = layer.resolve(Frozen.IMAGE);
    images.make(image, overlay, overlay, layers.stream().map(Frozen::image).toList());
    return Optional.of(image);
  }

  @Override
  public void forget() {
    manifest().delete();
    delete(LineFile.beside(overlay));
  }

  @Override
  public void close() {
    if (Files.exists(partial, LinkOption.NOFOLLOW_LINKS)) {
      delete(partial);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new OverlayException("cannot delete " + file + ": " + e, e);
    }
  }

  private static void move(Path from, Path to) {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new OverlayException("cannot move " + from + " to " + to + ": " + e, e);
    }
  }
}
