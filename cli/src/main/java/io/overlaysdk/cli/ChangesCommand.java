package io.overlaysdk.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.Change;
import io.overlaysdk.Changes;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay changes}: what an overlay changes in an image. */
@Command(
    name = "changes",
    description = {
      "Tells what an overlay that no session uses changes in an image, in the order of the paths.",
      ""
    },
    customSynopsis = "overlay changes OVERLAY --base IMAGE [OPTIONS]",
    sortOptions = false)
final class ChangesCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "OVERLAY",
      converter = Converters.OfOverlay.class,
      description = "The overlay: a directory, or an ext3 or squashfs image.")
  private Overlay overlay;

  @Mixin private LowerOptions lower;

  @Option(names = "--all", description = "Each entry of a removed tree, and not only its root.")
  private boolean all;

  @Option(
      names = "--json",
      description =
          "A JSON array of objects with kind and path; from where something was renamed; bytes, in "
              + "hexadecimal digits, where the path is not UTF-8.")
  private boolean json;

  ChangesCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    SessionSpec wanted = lower.spec(overlay.readOnly());
    Changes.Detail detail = all ? Changes.Detail.EVERY_ENTRY : Changes.Detail.ROOTS;
    PrintWriter out = spec.commandLine().getOut();
    try (Changes changes = sdk.get().changes(wanted, detail)) {
      if (json) {
        writeJson(changes, out);
      } else {
        changes.forEach(out::println);
      }
    }
  }

  /** One object a line, written as it is found: an overlay may hold more than memory does. */
  private static void writeJson(Changes changes, PrintWriter out) {
    String separator = "[";
    for (Change change : changes) {
      out.print(separator + "\n" + Json.of(object(change)));
      separator = ",";
    }
    out.println(separator.equals("[") ? "[]" : "\n]");
  }

  private static Map<String, Object> object(Change change) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("kind", change.kind().name());
    put(object, "path", "bytes", change.path());
    change.from().ifPresent(from -> put(object, "from", "fromBytes", from));
    return object;
  }

  private static void put(
      Map<String, Object> object, String name, String nameOfBytes, ContainerPath path) {
    byte[] bytes = path.bytes();
    String text = new String(bytes, UTF_8);
    boolean exact = Arrays.equals(text.getBytes(UTF_8), bytes);
    object.put(name, exact ? text : path.toString());
    if (!exact) {
      object.put(nameOfBytes, HexFormat.of().formatHex(bytes));
    }
  }
}
