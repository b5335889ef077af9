package io.overlaysdk;

import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;

/** One difference between an image and the same image seen through an overlay. */
public final class Change implements Comparable<Change> {

  /** What kind of difference it is. */
  public enum Kind {
    /** The image has nothing at this path. Each entry of an added tree is a change of its own. */
    ADDED,
    /** The content differs: the bytes of a file, the target of a link, the number of a device. */
    MODIFIED,
    /** The overlay has nothing at this path. A removed tree is one change, that of its root. */
    DELETED,
    /** Only mode, owner or extended attributes differ. Times alone are no change. */
    METADATA,
    /** Something of another type took the place, such as a directory that of a file. */
    TYPE_CHANGED,
    /** The entry was moved from {@link Change#from()}, where the driver recorded that. */
    RENAMED
  }

  private static final Comparator<Change> ORDER =
      Comparator.comparing(Change::path)
          .thenComparing(Change::kind)
          .thenComparing(change -> change.from, Comparator.nullsFirst(Comparator.naturalOrder()));

  private final Kind kind;
  private final ContainerPath path;
  private final @Nullable ContainerPath from;

  private Change(Kind kind, ContainerPath path, @Nullable ContainerPath from) {
    this.kind = Objects.requireNonNull(kind, "kind");
    this.path = Objects.requireNonNull(path, "path");
    this.from = from;
  }

  /**
   * A change of a kind that needs no second path.
   *
   * @throws IllegalArgumentException where the kind is {@link Kind#RENAMED}
   */
  public static Change of(Kind kind, ContainerPath path) {
    if (kind == Kind.RENAMED) {
      throw new IllegalArgumentException("a rename needs the path it came from: " + path);
    }
    return new Change(kind, path, null);
  }

  /** What was at {@code from} in the image is now at {@code path}. */
  public static Change renamed(ContainerPath from, ContainerPath path) {
    return new Change(Kind.RENAMED, path, Objects.requireNonNull(from, "from"));
  }

  public Kind kind() {
    return kind;
  }

  /** Where the difference is. */
  public ContainerPath path() {
    return path;
  }

  /** Where a renamed entry was before. */
  public Optional<ContainerPath> from() {
    return Optional.ofNullable(from);
  }

  /** In the order of the paths; consistent with equals. */
  @Override
  public int compareTo(Change other) {
    return ORDER.compare(this, other);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Change change
        && kind == change.kind
        && path.equals(change.path)
        && Objects.equals(from, change.from);
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, path, from);
  }

  /** For people: {@code MODIFIED /app/message.txt}. */
  @Override
  public String toString() {
    return kind + " " + (from == null ? "" : from + " -> ") + path;
  }
}
