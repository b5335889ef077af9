package io.overlaysdk.yaml;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import io.overlaysdk.ConfigException;
import java.nio.file.Path;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/** What the YAML parser complains about, as errors of the SDK. */
final class SyntaxErrors {
  private SyntaxErrors() {}

  static ConfigException error(Path file, JsonProcessingException e) {
    ConfigException error = place(file, e).error("not YAML: " + problem(e));
    error.initCause(e);
    return error;
  }

  /**
   * Jackson 2.22 gives the place of the last good token; the place of the problem is known to the
   * parser below it.
   */
  private static Place place(Path file, JsonProcessingException e) {
    if (e.getCause() instanceof MarkedYAMLException marked && marked.getProblemMark() != null) {
      Mark mark = marked.getProblemMark();
      return new Place(file, mark.getLine() + 1, mark.getColumn() + 1, KeyPath.ROOT);
    }
    JsonLocation location = e.getLocation();
    return location == null
        ? Place.of(file)
        : new Place(file, location.getLineNr(), location.getColumnNr(), KeyPath.ROOT);
  }

  private static String problem(JsonProcessingException e) {
    if (e.getCause() instanceof MarkedYAMLException marked) {
      String problem = marked.getProblem();
      if (problem.contains("TAB")) {
        return "a tab; indent with spaces";
      }
      return marked.getContext() == null ? problem : marked.getContext() + ": " + problem;
    }
    if (e.getOriginalMessage().startsWith("Expected a field name")) {
      return "a key must be a text, not a list, a map or an alias";
    }
    return e.getOriginalMessage();
  }
}
