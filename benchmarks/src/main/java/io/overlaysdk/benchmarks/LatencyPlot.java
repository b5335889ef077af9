package io.overlaysdk.benchmarks;

import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Draws what a command costs where 1, 10 or 100 run one after the other, all starts included. */
final class LatencyPlot {
  private static final List<Integer> COUNTS = List.of(1, 10, 100);
  private static final List<String> COLOURS = List.of("#b33", "#c80", "#27a");

  /** Where the numbers stand, above or below their line. */
  private static final List<Integer> OFFSETS = List.of(16, -6, 32);

  private static final int LEFT = 70;
  private static final int TOP = 30;
  private static final int HEIGHT = 240;
  private static final int STEP = 170;

  /** The decades of the vertical axis, in milliseconds. */
  private static final int LOWEST = 0;

  private static final int HIGHEST = 4;

  private final OverlaySdk sdk;
  private final Path base;
  private final Path directory;

  LatencyPlot(OverlaySdk sdk, Path base, Path directory) {
    this.sdk = sdk;
    this.base = base;
    this.directory = directory;
  }

  void draw() throws Exception {
    Path overlay = sdk.createOverlay(directory.resolve("plotted")).path().orElseThrow();
    Tool exec = Tool.of("apptainer", "--silent", "exec", "--overlay", overlay, base, "/bin/true");
    Tool start =
        Tool.of("apptainer", "--silent", "instance", "start", "--overlay", overlay, base, "plot");
    Tool inInstance = Tool.of("apptainer", "--silent", "exec", "instance://plot", "/bin/true");
    Tool stop = Tool.of("apptainer", "--silent", "instance", "stop", "plot");
    SessionSpec spec =
        SessionSpec.on(Image.at(base)).overlay(Overlay.at(overlay)).backend("apptainer");
    Map<String, List<Double>> lines = new LinkedHashMap<>();
    for (int count : COUNTS) {
      add(lines, "apptainer exec", count, () -> repeat(count, exec::run));
      add(
          lines,
          "apptainer instance",
          count,
          () -> {
            start.run();
            repeat(count, inInstance::run);
            stop.run();
          });
      add(
          lines,
          "overlay-sdk session",
          count,
          () -> {
            try (Session session = sdk.start(spec)) {
              repeat(count, () -> session.run("true").orThrow());
            }
          });
    }
    Path file = Path.of(System.getProperty("overlaysdk.checkout"), "benchmarks/latency.svg");
    if (Files.isWritable(file.getParent()) && (!Files.exists(file) || Files.isWritable(file))) {
      Files.writeString(file, svg(lines));
    }
  }

  private static void repeat(int count, Rounds.Work work) throws Exception {
    for (int i = 0; i < count; i++) {
      work.run();
    }
  }

  private static void add(Map<String, List<Double>> lines, String name, int count, Rounds.Work work)
      throws Exception {
    long begin = System.nanoTime();
    work.run();
    double each = (System.nanoTime() - begin) / 1e6 / count;
    lines.computeIfAbsent(name, key -> new ArrayList<>()).add(each);
  }

  private static String svg(Map<String, List<Double>> lines) {
    StringBuilder svg = new StringBuilder();
    svg.append("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"640\" height=\"340\"");
    svg.append(" font-family=\"sans-serif\" font-size=\"12\">\n");
    svg.append("<rect width=\"640\" height=\"340\" fill=\"#fff\"/>\n");
    text(svg, LEFT, 18, "ms for each command, apptainer, SIF image; log scale");
    for (int decade = LOWEST; decade <= HIGHEST; decade++) {
      double y = y(Math.pow(10, decade));
      svg.append(
          line("<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/>\n", LEFT, y, LEFT + 2 * STEP + 20));
      text(svg, 20, y + 4, Integer.toString((int) Math.pow(10, decade)));
    }
    for (int i = 0; i < COUNTS.size(); i++) {
      text(svg, LEFT + i * STEP, TOP + HEIGHT + 30, COUNTS.get(i) + (i == 0 ? " command" : ""));
    }
    int number = 0;
    for (Map.Entry<String, List<Double>> entry : lines.entrySet()) {
      draw(svg, entry.getKey(), entry.getValue(), COLOURS.get(number), OFFSETS.get(number));
      number++;
    }
    return svg.append("</svg>\n").toString();
  }

  private static void draw(
      StringBuilder svg, String name, List<Double> values, String colour, int offset) {
    StringBuilder points = new StringBuilder();
    for (int i = 0; i < values.size(); i++) {
      points.append(line("%d,%.1f ", LEFT + i * STEP, y(values.get(i))));
      text(svg, LEFT + i * STEP + 4, y(values.get(i)) + offset, line("%.1f", values.get(i)));
    }
    svg.append("<polyline points=\"").append(points.toString().strip());
    svg.append("\" fill=\"none\" stroke-width=\"2\" stroke=\"").append(colour).append("\"/>\n");
    double last = y(values.get(values.size() - 1));
    text(svg, LEFT + 2 * STEP + 44, last + 4, name);
  }

  private static double y(double value) {
    double part = (Math.log10(value) - LOWEST) / (HIGHEST - LOWEST);
    return TOP + HEIGHT - part * HEIGHT;
  }

  private static void text(StringBuilder svg, double x, double y, String text) {
    svg.append(line("<text x=\"%.1f\" y=\"%.1f\">", x, y)).append(text).append("</text>\n");
  }

  private static String line(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
