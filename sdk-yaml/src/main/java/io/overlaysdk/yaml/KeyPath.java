package io.overlaysdk.yaml;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The keys that lead to a node, such as {@code steps[2].run.image}. Linked, and not joined before
 * it is needed: a file with long keys around many values would fill the memory with their paths.
 */
final class KeyPath {
  static final KeyPath ROOT = new KeyPath(Optional.empty(), "");

  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_-]+");

  private final Optional<KeyPath> parent;
  private final String step;

  private KeyPath(Optional<KeyPath> parent, String step) {
    this.parent = parent;
    this.step = step;
  }

  KeyPath key(String name) {
    String step = PLAIN.matcher(name).matches() ? "." + name : "[" + Shown.quoted(name) + "]";
    return new KeyPath(Optional.of(this), step);
  }

  /** The item of this number, from 0. */
  KeyPath item(int index) {
    return new KeyPath(Optional.of(this), "[" + index + "]");
  }

  @Override
  public String toString() {
    Deque<String> steps = new ArrayDeque<>();
    for (KeyPath path = this; path.parent.isPresent(); path = path.parent.get()) {
      steps.push(path.step);
    }
    String text = String.join("", steps);
    return text.startsWith(".") ? text.substring(1) : text;
  }
}
