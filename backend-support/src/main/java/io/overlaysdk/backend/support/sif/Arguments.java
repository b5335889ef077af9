package io.overlaysdk.backend.support.sif;

import io.overlaysdk.Access;
import io.overlaysdk.Bind;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Step;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes overlays and binds as the tools read them. A path that their notation cannot hold goes
 * through a symbolic link in the scratch directory.
 */
final class Arguments {
  private static final List<ContainerPath> MADE_BY_THE_TOOL =
      List.of(ContainerPath.of("/dev"), ContainerPath.of("/proc"), ContainerPath.of("/sys"));

  private final Installation installation;
  private final Path scratch;
  private final List<Step> links = new ArrayList<>();

  Arguments(Installation installation, Path scratch) {
    this.installation = installation;
    this.scratch = scratch;
  }

  /** The links that the paths written so far go through. */
  List<Step> links() {
    return List.copyOf(links);
  }

  /**
   * {@code PATH[:ro]}, one field of a comma-separated list. The notation is split at the first
   * colon, and nothing quotes one.
   */
  String overlay(OverlayFacts overlay) {
    String path = overlay.path().toString();
    if (path.indexOf(':') >= 0 || !Csv.carries(path)) {
      path = linked(overlay.path(), "overlay " + overlay.path());
    }
    return Csv.field(overlay.isWritable() ? path : path + ":ro");
  }

  /** {@code type=bind,source=..,destination=..[,ro]}: the only notation that quotes a colon. */
  String mount(Bind bind) {
    String target = target(bind);
    String source = bind.source().toString();
    if (!Csv.carries(source)) {
      source = linked(bind.source(), "bind source " + bind.source());
    }
    return "type=bind,"
        + Csv.field("source=" + source)
        + ","
        + Csv.field("destination=" + target)
        + (bind.access() == Access.READ_ONLY ? ",ro" : "");
  }

  private String linked(Path path, String what) {
    Path link = scratch.resolve("link-" + links.size());
    if (link.toString().indexOf(':') >= 0 || !Csv.carries(link.toString())) {
      throw installation.refuse(
          "the " + what,
          "cannot take this path, nor one through " + scratch,
          "Use a scratch directory without a colon in its path.");
    }
    links.add(new Step.Link(link, path));
    return link.toString();
  }

  private String target(Bind bind) {
    ContainerPath target = bind.target();
    String asked = "the bind of " + bind.source() + " at " + target;
    if (MADE_BY_THE_TOOL.stream().anyMatch(made -> Binds.isIn(target, made))
        && !isDeviceAtItsPlace(bind)) {
      throw installation.refuse(
          asked,
          "makes /dev, /proc and /sys itself",
          "Bind it elsewhere; a device of the host can be bound at its own path.");
    }
    String text = text(target, asked);
    if (!Csv.carries(text)) {
      throw installation.refuse(
          asked, "cannot take a target with a carriage return", "Choose another target.");
    }
    return text;
  }

  private static boolean isDeviceAtItsPlace(Bind bind) {
    Path source = bind.source();
    return source.startsWith("/dev")
        && source.getNameCount() > 1
        && ContainerPath.of(source.toString()).equals(bind.target());
  }

  private String text(ContainerPath path, String asked) {
    try {
      return path.text();
    } catch (InvalidSpecException e) {
      throw installation.refuse(asked, "takes no path that is not UTF-8", "Choose another target.");
    }
  }
}
