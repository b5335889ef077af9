package io.overlaysdk;

import java.nio.file.Path;
import java.util.Objects;

/** A configuration or workflow file is wrong. Thrown before anything in it has been carried out. */
public final class ConfigException extends OverlayException {
  private static final long serialVersionUID = 1;

  private final transient Path file;
  private final int line;
  private final int column;
  private final String keyPath;

  /**
   * @param line the line, from 1; 0 where the whole file is meant
   * @param column the column, from 1; 0 where the whole file is meant
   * @param keyPath the keys that lead to the place, such as {@code steps[2].run.image}; empty for
   *     the whole file
   * @param problem what is wrong there, and what to do
   */
  public ConfigException(Path file, int line, int column, String keyPath, String problem) {
    super(message(file, line, column, keyPath, problem));
    this.file = Objects.requireNonNull(file, "file");
    this.line = line;
    this.column = column;
    this.keyPath = Objects.requireNonNull(keyPath, "keyPath");
  }

  /**
   * As {@link #ConfigException(Path, int, int, String, String)}, for a problem found by another.
   */
  public ConfigException(
      Path file, int line, int column, String keyPath, String problem, @Nullable Throwable cause) {
    this(file, line, column, keyPath, problem);
    initCause(cause);
  }

  private static String message(Path file, int line, int column, String keyPath, String problem) {
    return file
        + (line > 0 ? ":" + line + ":" + column : "")
        + (keyPath.isEmpty() ? "" : ": " + keyPath)
        + ": "
        + problem;
  }

  /** The file that is wrong. */
  public Path file() {
    return file;
  }

  /** From 1; 0 where the whole file is meant. */
  public int line() {
    return line;
  }

  /** From 1; 0 where the whole file is meant. */
  public int column() {
    return column;
  }

  /** The keys that lead to the place; empty for the whole file. */
  public String keyPath() {
    return keyPath;
  }
}
