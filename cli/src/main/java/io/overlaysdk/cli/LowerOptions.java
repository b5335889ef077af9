package io.overlaysdk.cli;

import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** What an overlay at rest lies on, and who wrote it. */
final class LowerOptions {
  @Option(
      names = "--base",
      required = true,
      paramLabel = "IMAGE",
      converter = Converters.OfImage.class,
      description = "The image that it lies on: a file or a directory.")
  private Image base;

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

  /** What has {@code top} on top. */
  SessionSpec spec(Overlay top) {
    SessionSpec spec = SessionSpec.on(base);
    for (Overlay lower : below) {
      spec = spec.overlay(lower.readOnly());
    }
    spec = spec.overlay(top);
    spec = otherBase ? spec.allowOtherBase() : spec;
    return fakeroot ? spec.fakeroot() : spec;
  }
}
