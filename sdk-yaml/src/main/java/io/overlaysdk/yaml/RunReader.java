package io.overlaysdk.yaml;

import io.overlaysdk.Command;
import io.overlaysdk.Gpu;
import io.overlaysdk.Image;
import io.overlaysdk.Network;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.workflow.Step;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** Reads a step that runs commands in a session. */
final class RunReader {
  static final List<String> KEYS =
      List.of(
          "image",
          "overlays",
          "command",
          "commands",
          "runscript",
          "stdin",
          "environment",
          "binds",
          "share",
          "directory",
          "fakeroot",
          "drop-capabilities",
          "other-base",
          "separate-commands",
          "gpu",
          "network",
          "time-limit",
          "wait",
          "backend");
  static final List<String> OVERLAY_KEYS = List.of("overlay", "access");
  static final Map<String, Gpu> GPU = HostParts.words("nvidia", Gpu.NVIDIA, "amd", Gpu.AMD);
  static final Map<String, Network> NETWORK =
      HostParts.words("host", Network.HOST, "none", Network.NONE);

  private final Declared<DeclaredImage> images;
  private final Declared<DeclaredOverlay> overlays;

  RunReader(Declared<DeclaredImage> images, Declared<DeclaredOverlay> overlays) {
    this.images = images;
    this.overlays = overlays;
  }

  Step read(Section step) {
    Section run = Section.of(step.get("run"), KEYS);
    Image image = images.get(run.get("image")).image();
    SessionSpec session = stack(SessionSpec.on(image), run.items("overlays"));
    session = limits(hostParts(session, run), run);
    List<Command> commands = CommandReader.read(run);
    String title = StepReader.title(step, CommandReader.title(commands, run.get("image").text()));
    return new Step.Run(
        title, session, commands, ExpectationReader.read(step, ExpectationReader.RUN_KEYS));
  }

  private SessionSpec stack(SessionSpec session, List<Node> nodes) {
    for (Node node : nodes) {
      SessionSpec below = session;
      session = node.place().check(() -> below.overlay(overlay(node)));
    }
    return session;
  }

  private Overlay overlay(Node node) {
    if (!(node instanceof Node.Mapping)) {
      return overlays.get(node).overlay();
    }
    Section section = Section.of(node, OVERLAY_KEYS);
    Overlay overlay = overlays.get(section.get("overlay")).overlay();
    return section
        .find("access")
        .map(
            access ->
                switch (HostParts.access(access)) {
                  case READ_ONLY -> access.place().check(overlay::readOnly);
                  case READ_WRITE -> overlay;
                })
        .orElse(overlay);
  }

  private static SessionSpec hostParts(SessionSpec session, Section run) {
    for (Node bind : run.items("binds")) {
      session = session.bind(HostParts.bind(bind));
    }
    for (Node share : run.items("share")) {
      session = session.share(HostParts.share(share));
    }
    for (Map.Entry<String, Node.Entry> variable : run.entries("environment").entrySet()) {
      SessionSpec before = session;
      String value = variable.getValue().value().text();
      session = variable.getValue().key().check(() -> before.variable(variable.getKey(), value));
    }
    return session;
  }

  private static SessionSpec limits(SessionSpec session, Section run) {
    session = with(session, run, "directory", (s, n) -> s.directory(Values.containerPath(n)));
    session = with(session, run, "fakeroot", (s, n) -> n.truth() ? s.fakeroot() : s);
    session =
        with(session, run, "drop-capabilities", (s, n) -> n.truth() ? s.dropCapabilities() : s);
    session = with(session, run, "other-base", (s, n) -> n.truth() ? s.allowOtherBase() : s);
    session =
        with(session, run, "separate-commands", (s, n) -> n.truth() ? s.separateCommands() : s);
    session = with(session, run, "gpu", (s, n) -> s.gpu(Values.choice(n, GPU)));
    session = with(session, run, "network", (s, n) -> s.network(Values.choice(n, NETWORK)));
    session = with(session, run, "time-limit", (s, n) -> s.timeLimit(Values.duration(n)));
    session = with(session, run, "wait", (s, n) -> s.patience(Values.duration(n)));
    return with(session, run, "backend", (s, n) -> s.backend(Values.name(n)));
  }

  private static SessionSpec with(
      SessionSpec session,
      Section run,
      String key,
      BiFunction<SessionSpec, Node, SessionSpec> change) {
    return run.find(key)
        .map(node -> node.place().check(() -> change.apply(session, node)))
        .orElse(session);
  }
}
