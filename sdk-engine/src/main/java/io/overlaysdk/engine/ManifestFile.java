package io.overlaysdk.engine;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;

/**
 * Where the manifest of an overlay lies: {@code overlay.json} beside {@code upper} and {@code
 * work}, or {@code NAME.overlay.json} beside an image. It comes from a disk that others may write
 * to: nothing in it is trusted before it is checked, and no link is followed.
 */
final class ManifestFile {
  static final String NAME = "overlay.json";

  /** A whole one has less than a thousand bytes. */
  private static final int MOST = 64 * 1024;

  private final Path file;
  private final Optional<Path> image;

  private ManifestFile(Path file, Optional<Path> image) {
    this.file = file;
    this.image = image;
  }

  /** Of an overlay; empty where nothing is kept of it: in a bare layer every name is the user's. */
  static Optional<ManifestFile> of(OverlayFacts overlay) {
    return switch (overlay.kind()) {
      case LAYER -> Optional.empty();
      case DIRECTORY -> Optional.of(ofDirectory(overlay.path()));
      case EXT3, SQUASHFS -> Optional.of(ofImage(overlay.path()));
    };
  }

  static ManifestFile ofDirectory(Path directory) {
    return new ManifestFile(directory.resolve(NAME), Optional.empty());
  }

  /** One that lies elsewhere. */
  static ManifestFile at(Path file) {
    return new ManifestFile(file, Optional.empty());
  }

  static ManifestFile ofImage(Path image) {
    return new ManifestFile(
        image.resolveSibling(image.getFileName() + "." + NAME), Optional.of(image));
  }

  /** Of an overlay, by what is at its path. */
  static ManifestFile ofOverlay(Path overlay) {
    Found found = Found.at(overlay, Subject.OVERLAY);
    return found.directory() ? ofDirectory(found.path()) : ofImage(found.path());
  }

  /** Of an image that is not in its place yet. */
  static ManifestFile ofImage(NewFile image) {
    return beside(image.target(), image.partial());
  }

  /** Of an image that is to lie at a place, and is elsewhere until then. */
  static ManifestFile beside(Path place, Path image) {
    return new ManifestFile(ofImage(place).path(), Optional.of(image));
  }

  Path path() {
    return file;
  }

  private Optional<String> volume() {
    return image.map(
        path -> {
          try (RawFile raw = RawFile.open(Found.at(path, Subject.OVERLAY))) {
            Content content = Content.of(raw);
            return content.kind() == Content.Kind.SQUASHFS
                ? SquashfsSuperblock.identity(raw)
                : ExtSuperblock.uuid(raw, content.offset());
          }
        });
  }

  /**
   * Empty where there is none, or only that of an image that lay here before.
   *
   * @throws CorruptOverlayException where what is there is no manifest
   * @throws io.overlaysdk.UnsupportedException where a newer SDK wrote it
   */
  Optional<Manifest> read() {
    try {
      Optional<byte[]> bytes = SmallFile.read(file, MOST);
      if (bytes.isEmpty()) {
        return Optional.empty();
      }
      Manifest manifest = ManifestJson.read(bytes.get(), file);
      return manifest.volume().equals(volume()) ? Optional.of(manifest) : Optional.empty();
    } catch (JsonProcessingException e) {
      throw damaged(e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw damaged("it cannot be read: " + e.getMessage(), e);
    }
  }

  private CorruptOverlayException damaged(String problem, @Nullable Exception cause) {
    return new CorruptOverlayException(
        "the manifest "
            + file
            + " is damaged: "
            + problem
            + "; move it away, and the overlay is read by what is in it",
        cause);
  }

  /**
   * Puts a manifest there, or in the place of the one that is there.
   *
   * @throws OverlayException where it cannot be written; the one before is still there
   */
  void write(Manifest manifest) {
    write(manifest, NewFile.of(file).partial());
  }

  /** Likewise, where an overlay is in its place already: then what is cut off must be found. */
  void write(Manifest manifest, Scratch scratch) {
    write(manifest, scratch.beside(file));
  }

  /**
   * @param partial a name beside it, under which it is written first
   */
  void write(Manifest manifest, Path partial) {
    try {
      WholeFile.write(file, partial, ManifestJson.write(manifest.on(volume())));
    } catch (IOException e) {
      throw new OverlayException("cannot write the manifest " + file + ": " + e, e);
    }
  }

  /** Nothing is there afterwards where there is no manifest. */
  void copyTo(Path copy) {
    try {
      Files.copy(file, copy, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return;
    } catch (IOException e) {
      throw new OverlayException("cannot copy the manifest " + file + ": " + e, e);
    }
  }

  /**
   * Puts back what was before an overlay was to be filled, unless that has been.
   *
   * @return whether it has not
   */
  static boolean undo(Path manifest, Path before, Path sign) {
    if (!isName(manifest) || !NewFile.isPartial(before)) {
      return false;
    }
    try {
      if (!isUnfilled(sign)) {
        return false;
      }
      if (Files.isRegularFile(before, LinkOption.NOFOLLOW_LINKS)) {
        Files.move(before, manifest, StandardCopyOption.ATOMIC_MOVE);
      } else {
        Files.deleteIfExists(manifest);
      }
      return true;
    } catch (IOException e) {
      throw new OverlayException("cannot put the manifest " + manifest + " back: " + e, e);
    }
  }

  private static boolean isUnfilled(Path sign) throws IOException {
    if (!Files.isDirectory(sign, LinkOption.NOFOLLOW_LINKS)) {
      return Files.exists(sign, LinkOption.NOFOLLOW_LINKS);
    }
    try {
      return Listings.isEmpty(sign);
    } catch (AccessDeniedException e) {
      // one that is closed to this user has been filled
      return false;
    }
  }

  private static boolean isName(Path manifest) {
    String name = String.valueOf(manifest.getFileName());
    return name.equals(NAME) || name.endsWith("." + NAME);
  }

  /** Where it was written for an image that has not come. */
  void deleteOrphan() {
    deleteOrphan(file);
  }

  /** Whether this is the manifest of an image that is not there, which is deleted then. */
  static boolean deleteOrphan(Path manifest) {
    String name = manifest.getFileName().toString();
    if (!name.endsWith("." + NAME)) {
      return false;
    }
    Path image = manifest.resolveSibling(name.substring(0, name.length() - NAME.length() - 1));
    try {
      return !Files.exists(image, LinkOption.NOFOLLOW_LINKS) && Files.deleteIfExists(manifest);
    } catch (IOException e) {
      throw new OverlayException("cannot delete the manifest " + manifest + ": " + e, e);
    }
  }

  /** Where there was none before. */
  void delete() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new OverlayException("cannot delete the manifest " + file + ": " + e, e);
    }
  }
}
