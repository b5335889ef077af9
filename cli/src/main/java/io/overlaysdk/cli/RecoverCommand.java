package io.overlaysdk.cli;

import io.overlaysdk.Recovered;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code overlay recover}: what dead sessions left is taken away. */
@Command(
    name = "recover",
    description = {
      "Ends what sessions left behind whose process is dead: processes, mounts, scratch files.",
      "Touches nothing of a session that is in use, here or on another host. Says of each thing what"
          + " it was and why nobody needs it.",
      "--break-lease takes away what says that an overlay is in use on a host that is gone.",
      ""
    })
final class RecoverCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "For programs.")
  private boolean json;

  @Option(
      names = "--break-lease",
      paramLabel = "OVERLAY",
      description = "Whoever used it from another host is gone: you know it, nothing here does.")
  private Path broken;

  RecoverCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    List<Recovered> ended =
        broken == null
            ? sdk.get().recover()
            : sdk.get().breakLeases(broken).stream()
                .map(
                    holder -> new Recovered(Recovered.Kind.LEASE, holder.toString(), "you said so"))
                .toList();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(Json.of(ended.stream().map(RecoverCommand::fields).toList()));
    } else if (ended.isEmpty()) {
      out.println("nothing was left behind");
    } else {
      ended.forEach(out::println);
    }
  }

  private static Map<String, Object> fields(Recovered recovered) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("kind", recovered.kind().name());
    fields.put("what", recovered.what());
    fields.put("why", recovered.why());
    return fields;
  }
}
