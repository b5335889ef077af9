package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.SessionSpec;
import java.net.URI;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the journal says of a session that stays when its process ends, and what another process
 * needs to know to join it.
 *
 * @param pipe the name of the pipe to its container
 * @param process the first process of its container
 * @param variables what each command has in its environment
 */
record Stays(
    SessionSpec spec,
    String backend,
    String pipe,
    Path scratch,
    Journal.ProcessKey process,
    Map<String, String> variables,
    ContainerPath start) {

  /** The name of the pipe to a container that stays. */
  static final String PIPE = "c0";

  /**
   * @param container its first process
   */
  static void write(Journal.Entry entry, Planner.Planned planned, long container) {
    SessionSpec spec = planned.spec();
    entry.write("image", planned.base().location());
    spec.overlays()
        .forEach(
            overlay ->
                overlay
                    .path()
                    .ifPresent(
                        path ->
                            entry.write(
                                overlay.access() == Access.READ_ONLY ? "lower" : "overlay",
                                path.toAbsolutePath().toString())));
    if (spec.overlays().stream().anyMatch(Overlay::isEphemeral)) {
      entry.write("ephemeral", "");
    }
    spec.timeLimit().ifPresent(limit -> entry.write("limit", limit.toString()));
    planned.variables().forEach((name, value) -> entry.write("variable", name + "=" + value));
    entry.write("start", planned.start().text());
    entry.write("backend", planned.choice().backend().name());
    entry.write("pipe", PIPE);
    // from here on the container owns the session, and no longer this process
    entry.write("owner", Journal.ProcessKey.of(container).toString());
  }

  /**
   * @throws OverlayException where the record is damaged
   */
  static Stays read(Journal.Entry entry) {
    try {
      return parse(entry);
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new OverlayException("the journal " + entry + " is damaged: " + e.getMessage(), e);
    }
  }

  private static Stays parse(Journal.Entry entry) {
    String backend = one(entry, "backend");
    SessionSpec spec = SessionSpec.on(image(one(entry, "image"))).backend(backend);
    for (String path : entry.values("lower")) {
      spec = spec.overlay(Overlay.at(Path.of(path)).readOnly());
    }
    for (String path : entry.values("overlay")) {
      spec = spec.overlay(Overlay.at(Path.of(path)));
    }
    if (!entry.values("ephemeral").isEmpty()) {
      spec = spec.overlay(Overlay.ephemeral());
    }
    List<String> limit = entry.values("limit");
    spec = limit.isEmpty() ? spec : spec.timeLimit(Duration.parse(limit.get(0)));
    Map<String, String> variables = new LinkedHashMap<>();
    for (String variable : entry.values("variable")) {
      int equals = variable.indexOf('=');
      if (equals < 0) {
        throw new IllegalArgumentException("\"" + variable + "\" is no variable");
      }
      String value = variable.substring(equals + 1);
      variables.put(variable.substring(0, equals), value);
      spec = spec.variable(variable.substring(0, equals), value);
    }
    ContainerPath start = ContainerPath.of(one(entry, "start"));
    return new Stays(
        spec.directory(start),
        backend,
        one(entry, "pipe"),
        Path.of(one(entry, "scratch")),
        entry.owner().orElseThrow(() -> lacks(entry, "owner")),
        variables,
        start);
  }

  /** Whether the record is whole: its writer may have died before. */
  static boolean isIn(Journal.Entry entry) {
    return !entry.values("pipe").isEmpty() && entry.owners() > 1;
  }

  private static Image image(String text) {
    if (text.equals("host")) {
      return Image.host();
    }
    return text.contains("://") ? Image.of(URI.create(text)) : Image.at(Path.of(text));
  }

  private static String one(Journal.Entry entry, String name) {
    return Optional.of(entry.values(name))
        .filter(values -> !values.isEmpty())
        .map(values -> values.get(0))
        .orElseThrow(() -> lacks(entry, name));
  }

  private static OverlayException lacks(Journal.Entry entry, String name) {
    return new OverlayException("the journal " + entry + " lacks " + name);
  }
}
