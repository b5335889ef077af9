package io.overlaysdk.cli;

import io.overlaysdk.ImageSize;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.Overlay;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code overlay create}: an empty overlay. */
@Command(
    name = "create",
    description = {"Makes an empty overlay: a directory, or an ext3 image of a size.", ""})
final class CreateCommand implements Runnable {
  private final OpenSdk sdk;

  @Spec private CommandSpec spec;

  @Option(
      names = "--size",
      paramLabel = "SIZE",
      converter = Amount.OfBytes.class,
      description = "An ext3 image of this size, as in 1G; the space is taken when it is used.")
  private Long size;

  @Option(
      names = "--inodes",
      paramLabel = "N",
      description = "How many files and directories the image can hold; one in 16 KiB unless set.")
  private Long inodes;

  @Option(
      names = "--full",
      description = "Take all the space at once, so that it cannot run out for a session.")
  private boolean full;

  @Option(
      names = "--from",
      paramLabel = "TEMPLATE",
      description =
          "A copy of this ext3 image: the name of a template of the site, or a path; as it is or"
              + " compressed with gzip or zstd.")
  private String template;

  @Parameters(
      paramLabel = "PATH",
      converter = Converters.OfPath.class,
      description = "Where the overlay is to be; nothing may be there.")
  private Path path;

  CreateCommand(OpenSdk sdk) {
    this.sdk = sdk;
  }

  @Override
  public void run() {
    if (size == null && (inodes != null || full)) {
      throw new ParameterException(
          spec.commandLine(), "--inodes and --full are about an image: give its --size too");
    }
    if (template != null && size != null) {
      throw new ParameterException(
          spec.commandLine(), "an overlay has the size of its template: give --from or --size");
    }
    spec.commandLine().getOut().println("created " + make());
  }

  private Overlay make() {
    if (template != null) {
      return sdk.get().createOverlayFrom(template, path);
    }
    return size == null
        ? sdk.get().createOverlay(path)
        : sdk.get().createOverlay(path, imageSize());
  }

  private ImageSize imageSize() {
    try {
      ImageSize wanted = ImageSize.of(size);
      wanted = inodes == null ? wanted : wanted.inodes(inodes);
      return full ? wanted.taken() : wanted;
    } catch (InvalidSpecException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
