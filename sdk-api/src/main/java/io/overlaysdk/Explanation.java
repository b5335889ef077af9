package io.overlaysdk;

import java.util.List;
import java.util.Objects;

/**
 * What would be done, and why, in the order in which it would happen.
 *
 * @param title what was asked
 * @param lines for people; each invocation one argument a line, so that nothing is hidden by
 *     quoting
 */
public record Explanation(String title, List<String> lines) {
  public Explanation {
    Objects.requireNonNull(title, "title");
    lines = List.copyOf(lines);
  }

  @Override
  public String toString() {
    return lines.isEmpty() ? title : title + "\n  " + String.join("\n  ", lines);
  }
}
