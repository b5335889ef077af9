package io.overlaysdk.cli;

import io.overlaysdk.Snapshot;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay log}: the snapshots of an overlay, as a tree. */
@Command(
    name = "log",
    description = {"Lists the snapshots of an overlay and of all that were forked from it.", ""})
final class LogCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @ArgGroup private Form form = new Form();

  private static final class Form {
    @Option(names = "--json", description = "For programs.")
    private boolean json;

    @Option(names = "--svg", description = "A picture of the tree.")
    private boolean svg;
  }

  @Parameters(
      paramLabel = "OVERLAY",
      converter = Converters.OfPath.class,
      description = "A directory or an ext3 image.")
  private Path path;

  LogCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    List<Snapshot> snapshots = sdk.get().log(path);
    PrintWriter out = spec.commandLine().getOut();
    if (form.json) {
      out.println(Json.of(snapshots.stream().map(LogCommand::fields).toList()));
      return;
    }
    List<SnapshotTree.Row> rows = SnapshotTree.rows(snapshots);
    if (form.svg) {
      out.print(SnapshotPicture.of(rows));
    } else {
      rows.forEach(row -> out.println(row.line()));
    }
  }

  private static Map<String, Object> fields(Snapshot snapshot) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("id", snapshot.id());
    snapshot.parent().ifPresent(parent -> fields.put("parent", parent));
    fields.put("taken", snapshot.taken().toString());
    fields.put("message", snapshot.message());
    fields.put("overlays", snapshot.overlays().stream().map(Path::toString).toList());
    return fields;
  }
}
