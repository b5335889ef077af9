package io.overlaysdk;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What is known of an overlay without mounting it.
 *
 * @param path where it is
 * @param kind {@code directory}, {@code ext3} or {@code squashfs}
 * @param bytes the size of an image; empty for a directory
 * @param freeBytes how much can still be written to an ext3 image; for a directory, what its file
 *     system has for this user
 * @param inodes how many files an ext3 image can hold
 * @param freeInodes how many more it can hold
 * @param base the image that it was first written on
 * @param dialects in which the drivers that wrote it mark what they hide
 * @param snapshot the id of the snapshot that it lies on; empty where there is none
 * @param layers how many layers lie between the image and it
 * @param created when it was made, or first used by this SDK
 * @param lastUsed when somebody last began or ended to write to it
 * @param writer who wrote it last: the backend and its driver
 * @param holder who writes to it now
 */
public record OverlayInfo(
    Path path,
    String kind,
    OptionalLong bytes,
    OptionalLong freeBytes,
    OptionalLong inodes,
    OptionalLong freeInodes,
    Optional<String> base,
    List<String> dialects,
    Optional<String> snapshot,
    int layers,
    Optional<Instant> created,
    Optional<Instant> lastUsed,
    Optional<String> writer,
    Optional<String> holder) {
  /** None may be null. */
  public OverlayInfo {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(bytes, "bytes");
    Objects.requireNonNull(freeBytes, "freeBytes");
    Objects.requireNonNull(inodes, "inodes");
    Objects.requireNonNull(freeInodes, "freeInodes");
    Objects.requireNonNull(base, "base");
    dialects = List.copyOf(dialects);
    Objects.requireNonNull(snapshot, "snapshot");
    Objects.requireNonNull(created, "created");
    Objects.requireNonNull(lastUsed, "lastUsed");
    Objects.requireNonNull(writer, "writer");
    Objects.requireNonNull(holder, "holder");
  }
}
