package io.overlaysdk.yaml;

import io.overlaysdk.ConfigException;
import io.overlaysdk.InvalidSpecException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * A place in a file, and the keys that lead to it.
 *
 * @param line from 1; 0 where the whole file is meant
 * @param column from 1; 0 where the whole file is meant
 */
record Place(Path file, int line, int column, KeyPath keys) {

  /** The whole file. */
  static Place of(Path file) {
    return new Place(file, 0, 0, KeyPath.ROOT);
  }

  ConfigException error(String problem) {
    return new ConfigException(file, line, column, keys.toString(), problem);
  }

  /** What {@code value} gives; what the API or the platform refuses is refused here, by place. */
  <T> T check(Supplier<T> value) {
    try {
      return value.get();
    } catch (InvalidSpecException e) {
      throw because(Objects.toString(e.getMessage()), e);
    } catch (InvalidPathException e) {
      throw because("not a path on this machine: " + e.getMessage(), e);
    }
  }

  private ConfigException because(String problem, RuntimeException cause) {
    ConfigException error = error(problem);
    error.initCause(cause);
    return error;
  }
}
