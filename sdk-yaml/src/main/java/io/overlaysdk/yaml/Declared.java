package io.overlaysdk.yaml;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** The images or the overlays of a workflow, by the names that its steps use. */
final class Declared<T> {
  private final String what;
  private final Map<String, T> byName;

  private Declared(String what, Map<String, T> byName) {
    this.what = what;
    this.byName = byName;
  }

  /**
   * @param what one of them, for messages
   * @param reader what the value under a name says
   */
  static <T> Declared<T> read(
      String what, Map<String, Node.Entry> entries, Function<Node, T> reader) {
    Map<String, T> byName = new LinkedHashMap<>();
    entries.forEach((name, entry) -> byName.put(name, reader.apply(entry.value())));
    return new Declared<>(what, Collections.unmodifiableMap(byName));
  }

  /** The one that {@code node} names. */
  T get(Node node) {
    String name = Values.name(node);
    T found = byName.get(name);
    if (found == null) {
      throw node.place().error(unknown(name));
    }
    return found;
  }

  private String unknown(String name) {
    String problem = "no " + what + " is declared as " + Shown.quoted(name) + "; ";
    if (byName.isEmpty()) {
      return problem + "declare it under \"" + what + "s\"";
    }
    String near =
        Nearest.to(name, byName.keySet()).map(n -> "did you mean \"" + n + "\"? ").orElse("");
    return problem + near + "declared are: " + String.join(", ", byName.keySet());
  }
}
