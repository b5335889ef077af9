package io.overlaysdk.cli;

import io.overlaysdk.CheckReport;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay check}: whether an ext3 overlay is sound. */
@Command(
    name = "check",
    description = {"Looks through the file system of an ext3 overlay.", ""},
    footer = {
      "",
      "Prints clean, dirty (its journal must be replayed), damaged or repaired. Exit status: 0 where it"
          + " is sound now, else 1."
    })
final class CheckCommand implements Callable<Integer> {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Option(
      names = "--repair",
      description = "Repair what is wrong, on a copy that then takes the image's place.")
  private boolean repair;

  @Option(names = "--json", description = "For programs, with what e2fsck said.")
  private boolean json;

  @Parameters(
      paramLabel = "OVERLAY",
      converter = Converters.OfPath.class,
      description = "An ext3 image.")
  private Path path;

  CheckCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public Integer call() {
    CheckReport report = sdk.get().check(path, repair);
    String state = report.state().name().toLowerCase(Locale.ROOT);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("overlay", report.overlay().toString());
      fields.put("state", state);
      fields.put("output", report.output());
      out.println(Json.of(fields));
    } else {
      out.println(state);
    }
    boolean sound =
        report.state() == CheckReport.State.CLEAN || report.state() == CheckReport.State.REPAIRED;
    return sound ? ExitStatus.OK : ExitStatus.NO;
  }
}
