package io.overlaysdk.spi;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What the engine found when it read an image.
 *
 * @param kind what it is
 * @param location the absolute path, links resolved; for {@link Kind#REMOTE} the URI
 * @param parts the file systems inside; one that spans the file for a bare file system image, none
 *     for a directory
 * @param owner the user id that owns the file or directory; -1 where there is none
 * @param places for {@link Kind#HOST} what it is put together from, each before what lies in it;
 *     empty for all others
 */
public record ImageFacts(
    Kind kind, String location, List<Part> parts, int owner, List<Place> places) {

  /** What an image is. */
  public enum Kind {
    SIF,
    SQUASHFS,
    EXT3,
    DIRECTORY,
    /** Fetched by a tool, so that nothing is known of it. */
    REMOTE,
    /** The machine's own root. */
    HOST,
    /** An earlier step will build it: known after that step. Only when a plan is explained. */
    PENDING
  }

  public ImageFacts {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(location, "location");
    parts = List.copyOf(parts);
    places = List.copyOf(places);
  }

  /** Any but the machine's own root. */
  public ImageFacts(Kind kind, String location, List<Part> parts, int owner) {
    this(kind, location, parts, owner, List.of());
  }

  /** The same, put together from these. */
  public ImageFacts with(List<Place> others) {
    return new ImageFacts(kind, location, parts, owner, others);
  }

  /** Where it is; for a local image only. */
  public Path path() {
    return Path.of(location);
  }

  /** The file system that holds the root, where the image is a file. */
  public Optional<Part> root() {
    return parts.stream().filter(part -> part.role() == Role.ROOT).findFirst();
  }

  /** The overlay partitions of a SIF, bottom to top. */
  public List<Part> overlays() {
    return parts.stream().filter(part -> part.role() == Role.OVERLAY).toList();
  }

  /** What a file system in an image is for. */
  public enum Role {
    ROOT,
    OVERLAY
  }

  /** The format of a file system. */
  public enum Format {
    SQUASHFS,
    EXT3,
    /** A squashfs that only a key opens. */
    ENCRYPTED
  }

  /**
   * A file system in an image.
   *
   * @param role what it is for
   * @param format its format
   * @param offset where it starts, in bytes from the start of the file
   * @param size how long it is, in bytes
   * @param architecture what its programs are for, in Go's names; empty where nothing says so
   */
  public record Part(Role role, Format format, long offset, long size, String architecture) {
    public Part {
      Objects.requireNonNull(role, "role");
      Objects.requireNonNull(format, "format");
      Objects.requireNonNull(architecture, "architecture");
    }
  }

  /**
   * A place in the machine's own root.
   *
   * @param path absolute, without links
   * @param use what becomes of it
   */
  public record Place(Path path, Use use) {
    public Place {
      Objects.requireNonNull(path, "path");
      Objects.requireNonNull(use, "use");
    }
  }

  /** What becomes of a place of the machine's own root in a session. */
  public enum Use {
    /**
     * A directory that takes changes in an overlay of its own. For root what is mounted in it is
     * not part of it; for a plain user nothing is mounted in it.
     */
    OVERLAY,
    /** A file or directory that is there as it is, and cannot be changed. */
    READ_ONLY,
    /** A directory that is there for what lies in it. */
    FOLDER,
    /** A symbolic link, copied. */
    LINK
  }
}
