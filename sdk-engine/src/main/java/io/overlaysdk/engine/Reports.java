package io.overlaysdk.engine;

import static io.overlaysdk.engine.Records.field;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.LayerReport;
import java.util.ArrayList;
import java.util.List;

/** What was exported or imported, as records. */
final class Reports {
  private Reports() {}

  static void write(LayerReport report, Records.Writer out) {
    out.write(
        number(report.entries()),
        number(report.bytes()),
        number(report.whiteouts()),
        number(report.opaque()));
    out.write(report.skipped().stream().map(ContainerPath::bytes).toList());
    out.write(report.implied().stream().map(ContainerPath::bytes).toList());
  }

  static LayerReport read(Records.Reader in) {
    List<Long> numbers = new ArrayList<>();
    in.next().forEach(field -> numbers.add(Long.parseLong(Records.text(field))));
    return new LayerReport(
        numbers.get(0),
        numbers.get(1),
        numbers.get(2),
        numbers.get(3),
        in.next().stream().map(ContainerPath::of).toList(),
        in.next().stream().map(ContainerPath::of).toList());
  }

  private static byte[] number(long number) {
    return field(Long.toString(number));
  }
}
