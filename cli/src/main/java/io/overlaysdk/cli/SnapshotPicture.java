package io.overlaysdk.cli;

import java.util.List;

/** The tree of snapshots as SVG. */
final class SnapshotPicture {
  private static final int STEP = 24;
  private static final int RADIUS = 6;
  private static final int CHARACTER = 8;

  private SnapshotPicture() {}

  static String of(List<SnapshotTree.Row> rows) {
    int columns = rows.stream().mapToInt(SnapshotTree.Row::column).max().orElse(0) + 1;
    int longest = rows.stream().mapToInt(row -> row.text().length()).max().orElse(0);
    StringBuilder lines = new StringBuilder();
    StringBuilder points = new StringBuilder();
    for (int i = 0; i < rows.size(); i++) {
      SnapshotTree.Row row = rows.get(i);
      if (row.parent() >= 0) {
        lines.append(
            String.format(
                "  <path d=\"M%d %d V%d H%d\" fill=\"none\" stroke=\"#888\" stroke-width=\"2\"/>%n",
                x(rows.get(row.parent()).column()), y(row.parent()), y(i), x(row.column())));
      }
      points.append(
          String.format(
              "  <circle cx=\"%d\" cy=\"%d\" r=\"%d\" fill=\"#06c\"/>%n",
              x(row.column()), y(i), RADIUS));
      points.append(
          String.format(
              "  <text x=\"%d\" y=\"%d\">%s</text>%n",
              x(columns), y(i) + RADIUS - 1, escaped(row.text())));
    }
    return String.format(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\""
                + " font-family=\"monospace\" font-size=\"13\">%n",
            x(columns) + longest * CHARACTER + STEP, y(rows.size()))
        + lines
        + points
        + "</svg>\n";
  }

  private static int x(int column) {
    return STEP / 2 + column * STEP;
  }

  private static int y(int row) {
    return STEP / 2 + row * STEP;
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
