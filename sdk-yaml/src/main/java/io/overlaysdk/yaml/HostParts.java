package io.overlaysdk.yaml;

import io.overlaysdk.Access;
import io.overlaysdk.Bind;
import io.overlaysdk.Share;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What a session sees of the host, written alike in a configuration and in a step. */
final class HostParts {
  static final List<String> BIND_KEYS = List.of("source", "target", "access");
  static final Map<String, Access> ACCESS =
      words("read-only", Access.READ_ONLY, "read-write", Access.READ_WRITE);
  static final Map<String, Share> SHARES =
      Arrays.stream(Share.values())
          .collect(
              Collectors.toMap(Share::word, Function.identity(), (a, b) -> a, LinkedHashMap::new));

  private HostParts() {}

  /** The tools' notation, or the parts one by one for paths that hold a colon. */
  static Bind bind(Node node) {
    if (node instanceof Node.Mapping) {
      Section section = Section.of(node, BIND_KEYS);
      return new Bind(
          Values.path(section.get("source")),
          Values.containerPath(section.get("target")),
          section.find("access").map(HostParts::access).orElse(Access.READ_WRITE));
    }
    String text = Values.name(node);
    return node.place().check(() -> Bind.parse(text));
  }

  static Access access(Node node) {
    return Values.choice(node, ACCESS);
  }

  static Share share(Node node) {
    return Values.choice(node, SHARES);
  }

  /** Two words and what they stand for, in this order. */
  static <T> Map<String, T> words(String first, T meaning, String second, T other) {
    Map<String, T> words = new LinkedHashMap<>();
    words.put(first, meaning);
    words.put(second, other);
    return Collections.unmodifiableMap(words);
  }
}
