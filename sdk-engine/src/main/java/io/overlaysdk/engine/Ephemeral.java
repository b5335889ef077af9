package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.LaunchException;
import io.overlaysdk.Overlay;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Step;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Overlays that are made: a directory with {@code upper} and {@code work}, or an ext3 image of a
 * given size that holds the two.
 */
final class Ephemeral {
  private final Host host;

  Ephemeral(Host host) {
    this.host = host;
  }

  /** What an ephemeral overlay will be once it is made in this scratch directory. */
  OverlayFacts facts(Overlay overlay, Path scratch) {
    boolean sized = overlay.size().isPresent();
    return new OverlayFacts(
        sized ? OverlayFacts.Kind.EXT3 : OverlayFacts.Kind.DIRECTORY,
        scratch.resolve(sized ? "ephemeral.ext3" : "ephemeral"),
        Access.READ_WRITE);
  }

  /** How it is made. */
  List<Step> steps(Overlay overlay, Path scratch) {
    Path at = scratch.resolve("ephemeral");
    List<Step> directories =
        List.of(
            new Step.MakeDirectory(at),
            new Step.MakeDirectory(at.resolve("upper")),
            new Step.MakeDirectory(at.resolve("work")));
    if (overlay.size().isEmpty()) {
      return directories;
    }
    List<Step> steps = new ArrayList<>(directories);
    steps.add(format(at, facts(overlay, scratch).path(), overlay.size().getAsLong()));
    return steps;
  }

  /**
   * Writes an ext3 file system of {@code bytes} with the content of a directory into a new file.
   */
  Step format(Path content, Path file, long bytes) {
    Path mkfs =
        host.find("mkfs.ext3")
            .orElseThrow(
                () ->
                    new LaunchException(
                        "an overlay with a size needs mkfs.ext3, which is not here: install"
                            + " e2fsprogs",
                        List.of("mkfs.ext3"),
                        ""));
    return new Step.Run(
        "format an ext3 overlay of " + bytes + " bytes",
        Invocation.of(
            mkfs,
            List.of(
                "-q",
                "-F",
                "-m",
                "0",
                "-E",
                "root_owner=" + host.identity().uid() + ":" + host.identity().gid(),
                "-d",
                content.toString(),
                file.toString(),
                bytes / 1024 + "k")));
  }
}
