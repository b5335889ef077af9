package io.overlaysdk;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The machine had no more of what was needed: it can be done when there is some again, or
 * elsewhere. The cause is the error that would have been thrown otherwise, such as a {@link
 * LaunchException}.
 *
 * <p>It is known by what the system or a tool says in English: in another locale the error stays
 * what it is. What is left is asked for when everything was undone, and so may be more than there
 * was when it failed.
 */
public final class ExhaustedException extends OverlayException {
  private static final long serialVersionUID = 1;

  private final Lack lack;
  private final transient Optional<Path> place;
  private final transient OptionalLong freeBytes;
  private final transient OptionalLong freeInodes;

  /** Of something that is no place, such as {@link Lack#PROCESSES}. */
  public ExhaustedException(String message, Lack lack, @Nullable Throwable cause) {
    super(message, cause);
    this.lack = Objects.requireNonNull(lack, "lack");
    this.place = Optional.empty();
    this.freeBytes = OptionalLong.empty();
    this.freeInodes = OptionalLong.empty();
  }

  /**
   * Of a file system.
   *
   * @param place a directory or file on it
   * @param freeBytes what this user can still write there
   * @param freeInodes how many more files it takes
   */
  public ExhaustedException(
      String message,
      Lack lack,
      Path place,
      OptionalLong freeBytes,
      OptionalLong freeInodes,
      @Nullable Throwable cause) {
    super(message, cause);
    this.lack = Objects.requireNonNull(lack, "lack");
    this.place = Optional.of(place);
    this.freeBytes = Objects.requireNonNull(freeBytes, "freeBytes");
    this.freeInodes = Objects.requireNonNull(freeInodes, "freeInodes");
  }

  /** What there was none left of. */
  public Lack lack() {
    return lack;
  }

  /** On which file system; empty for descriptors and processes. */
  public Optional<Path> place() {
    return place;
  }

  /** What can still be written there, in bytes, as far as that is known. */
  public OptionalLong freeBytes() {
    return freeBytes;
  }

  /** How many more files it takes; empty where that is not known, or has no limit. */
  public OptionalLong freeInodes() {
    return freeInodes;
  }
}
