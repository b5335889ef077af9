package io.overlaysdk.cli;

import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.SessionSpec;
import picocli.CommandLine.Mixin;
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

  @Mixin private StackOptions stack;

  /** What has {@code top} on top. */
  SessionSpec spec(Overlay top) {
    return stack.spec(base, top);
  }
}
