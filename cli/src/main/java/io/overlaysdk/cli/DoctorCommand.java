package io.overlaysdk.cli;

import io.overlaysdk.BackendReport;
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
      "Tells which backends work on this machine, what each can do here, and what is missing.",
      ""
    },
    footer = {"", "Exit status: 0 where a backend works here; 1 where none does."})
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
    List<BackendReport> reports = sdk.get().probe();
    if (json) {
      spec.commandLine().getOut().println(json(reports));
    } else {
      new DoctorPage(reports).lines().forEach(spec.commandLine().getOut()::println);
    }
    return reports.stream().anyMatch(BackendReport::available) ? ExitStatus.OK : ExitStatus.NO;
  }

  private static String json(List<BackendReport> reports) {
    return Json.of(Map.of("backends", reports.stream().map(DoctorCommand::backend).toList()));
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
