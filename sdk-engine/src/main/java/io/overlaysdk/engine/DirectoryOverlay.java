package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.OverlayFacts.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A directory as an overlay: what is in it, and whether it can be used as asked. */
final class DirectoryOverlay {
  private static final int SHOWN = 3;

  private final Found found;
  private final Path upper;
  private final Path work;

  private DirectoryOverlay(Found found) {
    this.found = found;
    this.upper = found.path().resolve("upper");
    this.work = found.path().resolve("work");
  }

  static OverlayFacts read(Found found, Access access) {
    DirectoryOverlay overlay = new DirectoryOverlay(found);
    Kind kind = access == Access.READ_WRITE ? overlay.writable() : overlay.readOnly();
    return new OverlayFacts(kind, found.path(), access);
  }

  /** Whether nothing was ever written to it: whatever image it was opened on, it fits each. */
  static boolean isUntouched(OverlayFacts overlay) {
    if (overlay.kind() != Kind.DIRECTORY || LineFile.ofOverlay(overlay.path()).isPresent()) {
      return false;
    }
    Path upper = overlay.path().resolve("upper");
    try {
      return Listings.isEmpty(upper);
    } catch (IOException e) {
      return false;
    }
  }

  private Kind readOnly() {
    if (!isThere(upper)) {
      return Kind.LAYER;
    }
    requireDirectory(upper);
    if (!Files.isReadable(upper) || !Files.isExecutable(upper)) {
      throw refused("its \"upper\" cannot be read by this user", "ask the owner to allow reading");
    }
    return Kind.DIRECTORY;
  }

  private Kind writable() {
    if (isThere(upper)) {
      requireDirectory(upper);
      if (!isThere(work)) {
        throw refused(
            "it has an \"upper\" and no \"work\"",
            "make it with mkdir " + work + ", or make a new overlay with overlay create");
      }
      requireDirectory(work);
      requireSameFileSystem();
      requireWritable(upper);
      requireWritable(work);
      return Kind.DIRECTORY;
    }
    if (isUpper(found.path())) {
      throw refused(
          "it is the \"upper\" of a directory overlay, in which tools would make another \"upper\"",
          "give its parent, " + found.path().getParent());
    }
    List<String> names = names();
    if (!names.isEmpty()) {
      throw refused(
          "it has no \"upper\", and holds "
              + String.join(", ", names)
              + ": tools would make \"upper\" and \"work\" beside these and never show them",
          "add :ro to use it as a layer as it is, or give an empty directory, or one made with"
              + " overlay create");
    }
    // the tools make upper and work in an empty directory without a word; so does the engine
    requireWritable(found.path());
    return Kind.DIRECTORY;
  }

  /** Whether a directory is what a directory overlay writes to. */
  static boolean isUpper(Path path) {
    return path.endsWith("upper")
        && Files.isDirectory(path.resolveSibling("work"), LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean isThere(Path path) {
    return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }

  private void requireDirectory(Path path) {
    String name = path.getFileName().toString();
    if (Files.isSymbolicLink(path)) {
      throw refused(
          "its \"" + name + "\" is a symbolic link, so that changes would land elsewhere",
          "put a directory there, or give the overlay where it really lies");
    }
    if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      throw refused("its \"" + name + "\" is not a directory", "put a directory there");
    }
  }

  private void requireSameFileSystem() {
    try {
      if (!Files.getAttribute(upper, "unix:dev").equals(Files.getAttribute(work, "unix:dev"))) {
        throw refused(
            "its \"upper\" and \"work\" lie on different file systems, and files are renamed from"
                + " one to the other",
            "put both on one file system");
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private void requireWritable(Path path) {
    if (Files.isWritable(path) && Files.isReadable(path) && Files.isExecutable(path)) {
      return;
    }
    Exhaustion.requireWritable("cannot write to the overlay " + found.path(), path);
    String part = path.equals(found.path()) ? "it" : "its \"" + path.getFileName() + "\"";
    throw refused(
        part + " cannot be written to by this user; it belongs to user id " + owner(path),
        "add :ro to use it read-only, run as its owner, or make an overlay of your own with"
            + " overlay create");
  }

  private Object owner(Path path) {
    try {
      return Files.getAttribute(path, "unix:uid");
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /** The names in the directory: a few, then how it goes on. */
  private List<String> names() {
    List<String> names = new ArrayList<>();
    try {
      for (Path entry : Listings.first(found.path(), SHOWN + 1)) {
        names.add(names.size() == SHOWN ? "..." : entry.getFileName().toString());
      }
    } catch (IOException e) {
      throw unreadable(e);
    }
    return names;
  }

  private InvalidSpecException unreadable(IOException cause) {
    return new InvalidSpecException(
        "the overlay " + found.path() + " cannot be read: " + cause.getMessage(), cause);
  }

  private InvalidSpecException refused(String problem, String remedy) {
    return new InvalidSpecException(
        "the overlay " + found.path() + " cannot be used: " + problem + "; " + remedy);
  }
}
