package io.overlaysdk.cli;

import io.overlaysdk.BackendReport;
import io.overlaysdk.Finding;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code overlay doctor}: what works on this machine. */
@Command(
    name = "doctor",
    description = {
      "Tells what of this machine decides what works, which backends work here, and what each can",
      "do. Most is found by trying it.",
      ""
    },
    footer = {"", "Exit status: 0 where a backend can play the tutorial here; 1 where none can."})
final class DoctorCommand implements Callable<Integer> {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "For programs.")
  private boolean json;

  DoctorCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public Integer call() {
    List<Finding> findings = sdk.get().examine();
    List<BackendReport> reports = sdk.get().probe();
    if (json) {
      spec.commandLine().getOut().println(json(findings, reports));
    } else {
      FindingLines.of(findings).forEach(spec.commandLine().getOut()::println);
      new DoctorPage(reports).lines().forEach(spec.commandLine().getOut()::println);
    }
    return reports.stream().anyMatch(DoctorCommand::playsTheTutorial)
        ? ExitStatus.OK
        : ExitStatus.NO;
  }

  /** Which changes files of a sandbox, or of what else its base is built as. */
  private static boolean playsTheTutorial(BackendReport report) {
    return report.can("sandbox image") && report.can("directory overlay");
  }

  private static String json(List<Finding> findings, List<BackendReport> reports) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("findings", findings.stream().map(DoctorCommand::finding).toList());
    all.put("backends", reports.stream().map(DoctorCommand::backend).toList());
    return Json.of(all);
  }

  private static Map<String, Object> finding(Finding finding) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("subject", finding.subject());
    fields.put("level", finding.level().name());
    fields.put("tried", finding.tried());
    fields.put("found", finding.found());
    fields.put("meaning", finding.meaning());
    fields.put("remedy", finding.remedy());
    return fields;
  }

  private static Map<String, Object> backend(BackendReport report) {
    Map<String, Object> capabilities = new LinkedHashMap<>();
    report.capabilities().forEach((name, reason) -> capabilities.put(name, capability(reason)));
    Map<String, Object> backend = new LinkedHashMap<>();
    backend.put("name", report.name());
    backend.put("available", report.available());
    backend.put("summary", report.summary());
    backend.put("capabilities", capabilities);
    return backend;
  }

  private static Map<String, Object> capability(String reason) {
    Map<String, Object> capability = new LinkedHashMap<>();
    capability.put("supported", reason.isEmpty());
    capability.put("reason", reason);
    return capability;
  }
}
