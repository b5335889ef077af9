package io.overlaysdk.cli;

import io.overlaysdk.OverlayInfo;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay info}: what is known of an overlay. */
@Command(
    name = "info",
    description = {"Tells what is known of an overlay, without mounting it.", ""})
final class InfoCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "For programs.")
  private boolean json;

  @Parameters(
      paramLabel = "OVERLAY",
      converter = Converters.OfPath.class,
      description = "A directory, or an ext3 or squashfs image.")
  private Path path;

  InfoCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    Map<String, Object> fields = fields(sdk.get().info(path));
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.of(fields));
    } else {
      fields.forEach((name, value) -> out.println(name + ": " + value));
    }
  }

  private static Map<String, Object> fields(OverlayInfo info) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("path", info.path().toString());
    fields.put("kind", info.kind());
    info.bytes().ifPresent(value -> fields.put("bytes", value));
    info.freeBytes().ifPresent(value -> fields.put("freeBytes", value));
    info.inodes().ifPresent(value -> fields.put("inodes", value));
    info.freeInodes().ifPresent(value -> fields.put("freeInodes", value));
    info.base().ifPresent(value -> fields.put("base", value));
    fields.put("dialects", info.dialects());
    info.snapshot().ifPresent(value -> fields.put("snapshot", value));
    fields.put("layers", info.layers());
    info.created().ifPresent(value -> fields.put("created", value.toString()));
    info.lastUsed().ifPresent(value -> fields.put("lastUsed", value.toString()));
    info.writer().ifPresent(value -> fields.put("writer", value));
    info.holder().ifPresent(value -> fields.put("holder", value));
    return fields;
  }
}
