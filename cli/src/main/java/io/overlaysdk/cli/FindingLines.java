package io.overlaysdk.cli;

import io.overlaysdk.Finding;
import java.util.ArrayList;
import java.util.List;

/** Findings for people: what is fine in a line, all else with what it means and what to do. */
final class FindingLines {
  private FindingLines() {}

  static List<String> of(List<Finding> findings) {
    int width = findings.stream().mapToInt(finding -> finding.subject().length()).max().orElse(0);
    List<String> lines = new ArrayList<>();
    for (Finding finding : findings) {
      String indent = " ".repeat(width + 11);
      lines.add(
          String.format(
              "%-" + width + "s  %-7s  %s",
              finding.subject(),
              word(finding.level()),
              finding.found().replace("\n", "\n" + indent)));
      if (finding.level() != Finding.Level.FINE) {
        lines.add(indent + "tried:   " + finding.tried());
        lines.add(indent + "so:      " + finding.meaning());
        lines.add(indent + "remedy:  " + finding.remedy());
      }
    }
    if (!lines.isEmpty()) {
      lines.add("");
    }
    return lines;
  }

  private static String word(Finding.Level level) {
    return switch (level) {
      case FINE -> "fine";
      case WARNING -> "limited";
      case PROBLEM -> "broken";
    };
  }
}
