package io.overlaysdk.cli;

import io.overlaysdk.BackendReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** The reports of all backends on one page: the tools, a table of capabilities, and why not. */
final class DoctorPage {
  private final List<BackendReport> reports;

  /** The reasons in the order in which the table refers to them, with their numbers. */
  private final Map<String, Integer> reasons = new LinkedHashMap<>();

  DoctorPage(List<BackendReport> reports) {
    this.reports = reports;
  }

  List<String> lines() {
    if (reports.isEmpty()) {
      return List.of("no backend is here: put a jar such as overlay-sdk-backend-apptainer beside");
    }
    List<String> lines = new ArrayList<>(aligned(backends()));
    lines.add("");
    if (reports.stream().noneMatch(BackendReport::available)) {
      lines.add("no backend works on this machine");
      return lines;
    }
    lines.addAll(aligned(table()));
    reasons.forEach((reason, number) -> lines.add("[" + number + "] " + reason));
    return lines;
  }

  private List<List<String>> backends() {
    List<List<String>> rows = new ArrayList<>();
    for (BackendReport report : reports) {
      String name = report.name();
      String state = report.available() ? "ready" : "missing";
      for (String line : report.summary().split("\n")) {
        rows.add(List.of(name, state, line));
        name = "";
        state = "";
      }
    }
    return rows;
  }

  private List<List<String>> table() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(row("", reports.stream().map(BackendReport::name)));
    Set<String> capabilities = new LinkedHashSet<>();
    reports.forEach(report -> capabilities.addAll(report.capabilities().keySet()));
    for (String capability : capabilities) {
      rows.add(row(capability, reports.stream().map(report -> cell(report, capability))));
    }
    return rows;
  }

  private static List<String> row(String head, Stream<String> cells) {
    return Stream.concat(Stream.of(head), cells).toList();
  }

  private String cell(BackendReport report, String capability) {
    String reason = report.capabilities().get(capability);
    if (!report.available() || reason == null) {
      return "-";
    }
    if (reason.isEmpty()) {
      return "yes";
    }
    reasons.putIfAbsent(reason, reasons.size() + 1);
    return "no [" + reasons.get(reason) + "]";
  }

  private static List<String> aligned(List<List<String>> rows) {
    List<String> lines = new ArrayList<>();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.size(); i++) {
        line.append(row.get(i)).append(" ".repeat(width(rows, i) - row.get(i).length() + 2));
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }

  private static int width(List<List<String>> rows, int column) {
    return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
  }
}
