package io.overlaysdk.cli;

import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What lies between an overlay at rest and its image, and who wrote it. */
final class StackOptions {
  @Option(
      names = "--below",
      paramLabel = "OVERLAY",
      converter = Converters.OfOverlay.class,
      description = "An overlay that lies between the two; several are given bottom to top.")
  private List<Overlay> below = new ArrayList<>();

  @Option(
      names = "--fakeroot",
      description = "It is written with fakeroot, so that its owners are those seen inside.")
  private boolean fakeroot;

  @Option(names = "--other-base", description = "It may have been made on another image than this.")
  private boolean otherBase;

  @Mixin private Patience patience;

  /** What has {@code top} on top. */
  SessionSpec spec(Image base, Overlay top) {
    SessionSpec spec = SessionSpec.on(base);
    for (Overlay lower : below) {
      spec = spec.overlay(lower.readOnly());
    }
    spec = spec.overlay(top);
    spec = patience.of(spec);
    spec = otherBase ? spec.allowOtherBase() : spec;
    return fakeroot ? spec.fakeroot() : spec;
  }
}
