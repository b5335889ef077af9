package io.overlaysdk.yaml;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/** Keys with values of which all keys are known. */
final class Section {
  private final Place place;
  private final Map<String, Node.Entry> entries;
  private final Collection<String> known;

  private Section(Place place, Map<String, Node.Entry> entries, Collection<String> known) {
    this.place = place;
    this.entries = entries;
    this.known = known;
  }

  /** {@code node}, which may hold these keys and no others. */
  static Section of(Node node, Collection<String> known) {
    Map<String, Node.Entry> entries = node.entries();
    entries.forEach(
        (key, entry) -> {
          if (!known.contains(key)) {
            throw entry
                .key()
                .error("unknown key " + Shown.quoted(key) + "; " + Nearest.hint(key, known));
          }
        });
    return new Section(node.place(), entries, known);
  }

  Place place() {
    return place;
  }

  Optional<Node> find(String key) {
    requireKnown(key);
    return Optional.ofNullable(entries.get(key)).map(Node.Entry::value);
  }

  Node get(String key) {
    return find(key).orElseThrow(() -> place.error("the key \"" + key + "\" is missing"));
  }

  void ifPresent(String key, Consumer<Node> reader) {
    find(key).ifPresent(reader);
  }

  /** The items of the list under {@code key}; none where the key is absent. */
  List<Node> items(String key) {
    return find(key).map(Node::items).orElse(List.of());
  }

  /** The values under {@code key} by their names, which the file chooses. */
  Map<String, Node.Entry> entries(String key) {
    return find(key).map(Node::entries).orElse(Map.of());
  }

  /**
   * The one key of {@code choices} that is here.
   *
   * @param what the thing that must have one, for the message
   */
  String oneOf(String what, List<String> choices) {
    choices.forEach(this::requireKnown);
    List<String> found = entries.keySet().stream().filter(choices::contains).toList();
    if (found.size() == 1) {
      return found.get(0);
    }
    String rule = what + " has one of " + String.join(", ", choices);
    if (found.isEmpty()) {
      throw place.error(rule + "; here is none of them");
    }
    throw keyPlace(found.get(1)).error(rule + "; here are " + String.join(" and ", found));
  }

  /** The place of {@code key}, which is here. */
  Place keyPlace(String key) {
    return Objects.requireNonNull(entries.get(key), key).key();
  }

  boolean has(String key) {
    return find(key).isPresent();
  }

  /** So that the list of known keys, which the schema repeats, misses none that is read. */
  private void requireKnown(String key) {
    if (!known.contains(key)) {
      throw new IllegalArgumentException(key);
    }
  }
}
