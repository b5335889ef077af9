package io.overlaysdk.backend.support.sif;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Lines of {@code name = value}: the site's configuration, and what {@code buildcfg} prints. */
final class Conf {
  private final Map<String, String> values = new LinkedHashMap<>();

  private Conf(String text) {
    text.lines()
        .map(String::strip)
        .filter(line -> !line.startsWith("#") && line.indexOf('=') > 0)
        .forEach(this::add);
  }

  static Conf parse(String text) {
    return new Conf(text);
  }

  private void add(String line) {
    int equals = line.indexOf('=');
    values.put(line.substring(0, equals).strip(), line.substring(equals + 1).strip());
  }

  /** The lines of {@code text} that say something, stripped. */
  static String essence(String text) {
    return text.lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .collect(Collectors.joining("\n"));
  }

  /** The value that was given last. */
  Optional<String> value(String name) {
    return Optional.ofNullable(values.get(name));
  }
}
