package io.overlaysdk;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A layer over an image, in which the changes of a session land. An overlay at a path is a
 * directory that holds {@code upper} and {@code work}, or an ext3 or squashfs image; which it is,
 * is found by reading it when a session starts. An ephemeral overlay lasts as long as its session.
 */
public final class Overlay {
  private final @Nullable Path path;
  private final long size;
  private final Access access;

  private Overlay(@Nullable Path path, long size, Access access) {
    this.path = path;
    this.size = size;
    this.access = access;
  }

  /** The overlay at {@code path}, writable. That it exists is checked when a session starts. */
  public static Overlay at(Path path) {
    return new Overlay(Objects.requireNonNull(path, "path"), 0, Access.READ_WRITE);
  }

  /**
   * An overlay that is made empty when a session starts and is deleted when the session closes. It
   * lies on disk, in the scratch directory, and may fill that disk.
   */
  public static Overlay ephemeral() {
    return new Overlay(null, 0, Access.READ_WRITE);
  }

  /**
   * As {@link #ephemeral()}, in a file system of its own of {@code bytes}: a command that writes
   * more sees "No space left on device". The size counts what the file system needs for itself, a
   * few per cent.
   *
   * @param bytes at least 1 MiB
   * @throws InvalidSpecException where it is less
   */
  public static Overlay ephemeral(long bytes) {
    if (bytes < 1 << 20) {
      throw new InvalidSpecException(
          "an ephemeral overlay needs at least 1 MiB, not " + bytes + " bytes");
    }
    return new Overlay(null, bytes, Access.READ_WRITE);
  }

  /**
   * Reads the notation of Apptainer and Singularity: {@code PATH} or {@code PATH:ro}; {@code
   * PATH:rw} is accepted too. {@code /x/upper:/x/work[:rw]}, which tutorials print and the tools
   * misread in silence (they would create {@code /x/upper/upper}), means the directory overlay
   * {@code /x}.
   *
   * @throws InvalidSpecException where the text has another form, or names an upper and a work
   *     directory that do not lie side by side under these names
   */
  public static Overlay parse(String text) {
    String[] parts = text.split(":", -1);
    if (parts[0].isEmpty()) {
      throw new InvalidSpecException("an overlay needs a path: \"" + text + "\"");
    }
    Access access = Access.READ_WRITE;
    int paths = parts.length;
    String last = parts[parts.length - 1];
    if (paths > 1 && (last.equals("ro") || last.equals("rw"))) {
      access = last.equals("ro") ? Access.READ_ONLY : Access.READ_WRITE;
      paths--;
    }
    Path path = Texts.path("an overlay", parts[0]);
    if (paths == 2) {
      path = parentOf(path, Texts.path("a work directory", parts[1]), text);
    } else if (paths > 2) {
      throw new InvalidSpecException(
          "cannot read the overlay \"" + text + "\": expected PATH, PATH:ro or UPPER:WORK[:rw]");
    }
    return new Overlay(path, 0, access);
  }

  private static Path parentOf(Path upper, Path work, String text) {
    Path parent = upper.toAbsolutePath().normalize().getParent();
    boolean siblings =
        upper.endsWith("upper")
            && work.endsWith("work")
            && parent != null
            && parent.equals(work.toAbsolutePath().normalize().getParent());
    if (!siblings) {
      throw new InvalidSpecException(
          "cannot read the overlay \""
              + text
              + "\": after a colon comes ro, or the work directory beside an upper one. The form is"
              + " PATH, PATH:ro or UPPER:WORK[:rw], and only a directory that holds both \"upper\" and"
              + " \"work\" is a directory overlay; put the two side by side and give their parent");
    }
    Path given = upper.getParent();
    return given == null ? Path.of(".") : given;
  }

  /**
   * The same overlay, which the session can read but not change.
   *
   * @throws InvalidSpecException where it is ephemeral, so that there is nothing to read
   */
  public Overlay readOnly() {
    if (isEphemeral()) {
      throw new InvalidSpecException("an ephemeral overlay that is read-only holds nothing");
    }
    return new Overlay(path, size, Access.READ_ONLY);
  }

  /** Where the overlay is, unless it is ephemeral. */
  public Optional<Path> path() {
    return Optional.ofNullable(path);
  }

  /** Whether the overlay lasts only as long as its session. */
  public boolean isEphemeral() {
    return path == null;
  }

  /** The size in bytes that an ephemeral overlay is limited to, if it is. */
  public OptionalLong size() {
    return size == 0 ? OptionalLong.empty() : OptionalLong.of(size);
  }

  /** Whether a session can change it. */
  public Access access() {
    return access;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Overlay overlay
        && Objects.equals(path, overlay.path)
        && size == overlay.size
        && access == overlay.access;
  }

  @Override
  public int hashCode() {
    return Objects.hash(path, size, access);
  }

  @Override
  public String toString() {
    if (isEphemeral()) {
      return size == 0 ? "ephemeral" : "ephemeral of " + size + " bytes";
    }
    return path + (access == Access.READ_ONLY ? ":ro" : "");
  }
}
