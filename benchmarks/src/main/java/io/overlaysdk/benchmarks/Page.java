package io.overlaysdk.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The page with the numbers: each subject has a part of it, which a run replaces. */
final class Page {
  private final Path file;

  Page(Path file) {
    this.file = file;
  }

  static List<String> table(List<Measured> measured) {
    List<String> lines = new ArrayList<>();
    lines.add("| what | beside | ms | ms beside | ratio | bound | |");
    lines.add("|---|---|---|---|---|---|---|");
    for (Measured m : measured) {
      lines.add(
          "| %s | `%s` | %.1f | %.1f | %s | %s | %s |"
              .formatted(
                  m.what(),
                  m.peer(),
                  m.ours(),
                  m.theirs(),
                  m.bound().told(m.ratio()),
                  m.bound(),
                  m.keepsTo() ? "kept" : "**missed**"));
    }
    return lines;
  }

  /**
   * Puts a table in the place of what stands between the marks of {@code subject}; not in a
   * checkout of somebody else.
   */
  void replace(String subject, List<String> table, String machine) throws IOException {
    if (!Files.isWritable(file)) {
      System.err.println("benchmarks: " + file + " is not yours, and stays as it is");
      return;
    }
    String begin = "<!-- " + subject + " -->";
    String end = "<!-- end of " + subject + " -->";
    List<String> lines = new ArrayList<>(Files.readAllLines(file));
    int from = lines.indexOf(begin);
    int to = lines.indexOf(end);
    if (from < 0 || to < from) {
      throw new IOException(file + " has no part for " + subject);
    }
    List<String> part = new ArrayList<>(table);
    part.add("");
    part.add(machine);
    lines.subList(from + 1, to).clear();
    lines.addAll(from + 1, part);
    Files.write(file, lines);
  }
}
