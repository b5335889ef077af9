package io.overlaysdk.cli;

import io.overlaysdk.CommitMode;
import io.overlaysdk.CommitReport;
import io.overlaysdk.Overlay;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay commit}: an image and its overlays as a new image. */
@Command(
    name = "commit",
    description = {
      "Makes a new image of an image and overlays that no session uses, with the labels, environment,"
          + " runscript and definition of the image. Neither is changed. The same overlays give the"
          + " same bytes; SOURCE_DATE_EPOCH is honoured.",
      ""
    },
    customSynopsis = "overlay commit OVERLAY --base IMAGE [OPTIONS] -o TARGET",
    sortOptions = false)
final class CommitCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "OVERLAY",
      converter = Converters.OfOverlay.class,
      description = "The topmost overlay: a directory, or an ext3 or squashfs image.")
  private Overlay overlay;

  @Option(
      names = {"-o", "--output"},
      required = true,
      paramLabel = "TARGET",
      converter = Converters.OfPath.class,
      description =
          "A new file that ends in .sif, one that ends in .tar for an OCI archive, or any other name"
              + " for a sandbox directory.")
  private Path target;

  @ArgGroup private Mode mode = new Mode();

  @Mixin private LowerOptions lower;

  @Option(
      names = "--json",
      description =
          "A JSON object with target, mode, baseSha256, entries, bytes, whiteouts, skipped and"
              + " warnings.")
  private boolean json;

  /** One of the two. */
  static final class Mode {
    @Option(
        names = "--layered",
        description =
            "Add the overlays to a copy of the SIF, each as a read-only partition: at the cost of the"
                + " changes.")
    private boolean layered;

    @Option(names = "--flatten", description = "Make one file system of all; so without either.")
    @SuppressWarnings("UnusedVariable") // it is what is done without either
    private boolean flatten;
  }

  CommitCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    CommitMode wanted = mode.layered ? CommitMode.LAYERED : CommitMode.FLATTENED;
    CommitReport report = sdk.get().commit(lower.spec(overlay.readOnly()), target, wanted);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.of(object(report)));
      return;
    }
    out.println(
        "wrote "
            + target
            + ": "
            + report.entries()
            + " entries, "
            + report.bytes()
            + " bytes in files, "
            + report.whiteouts()
            + " deletions");
    PrintWriter err = spec.commandLine().getErr();
    report
        .skipped()
        .forEach(path -> err.println("overlay: left out, because it is a socket: " + path));
    report.warnings().forEach(warning -> err.println("overlay: " + warning));
  }

  private Map<String, Object> object(CommitReport report) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("target", target.toString());
    object.put("mode", report.mode().name());
    object.put("baseSha256", report.baseDigest());
    object.put("entries", report.entries());
    object.put("bytes", report.bytes());
    object.put("whiteouts", report.whiteouts());
    object.put("skipped", report.skipped().stream().map(Object::toString).toList());
    object.put("warnings", report.warnings());
    return object;
  }
}
