package io.overlaysdk.engine;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.Image;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.ImageFacts.Format;
import io.overlaysdk.spi.ImageFacts.Kind;
import io.overlaysdk.spi.ImageFacts.Part;
import io.overlaysdk.spi.ImageFacts.Role;
import java.nio.file.Files;
import java.util.List;

/** Finds what an image is, by reading it: its name says nothing. */
final class ImageReader {
  private static final int NO_OWNER = -1;

  /**
   * @throws InvalidSpecException where there is nothing to read, or no image
   * @throws CorruptOverlayException where the image is truncated or contradicts itself
   * @throws UnsupportedException where it is of a kind that no tool here can use
   */
  ImageFacts read(Image image) {
    if (image.isHost()) {
      return new ImageFacts(Kind.HOST, "/", List.of(), NO_OWNER);
    }
    if (image.uri().isPresent()) {
      return new ImageFacts(Kind.REMOTE, image.uri().get().toString(), List.of(), NO_OWNER);
    }
    Found found = Found.at(image.path().orElseThrow(), Subject.IMAGE);
    return found.directory() ? directory(found) : file(found);
  }

  private static ImageFacts directory(Found found) {
    if (Files.isRegularFile(found.path().resolve("oci-layout"))) {
      throw new InvalidSpecException(
          "the image "
              + found.path()
              + " is a directory in the OCI layout, which holds layers and no root tree; build an"
              + " image from it first, such as with apptainer build NEW.sif oci:"
              + found.path());
    }
    return facts(Kind.DIRECTORY, found, List.of());
  }

  private static ImageFacts file(Found found) {
    try (RawFile file = RawFile.open(found)) {
      Content content = Content.of(file);
      return switch (content.kind()) {
        case SIF -> facts(Kind.SIF, found, SifPartitions.read(file));
        case SQUASHFS -> squashfs(found, file, content.offset());
        case EXT -> ext3(found, file, content.offset());
        case OTHER -> throw noImage(found, content.description());
      };
    }
  }

  private static ImageFacts squashfs(Found found, RawFile file, int offset) {
    SquashfsSuperblock.check(file, offset, file.size() - offset, "the file system");
    return facts(Kind.SQUASHFS, found, List.of(whole(Format.SQUASHFS, file, offset)));
  }

  private static ImageFacts ext3(Found found, RawFile file, int offset) {
    ExtSuperblock.read(file, offset, file.size() - offset, "the file system")
        .requireUsable(file, offset);
    return facts(Kind.EXT3, found, List.of(whole(Format.EXT3, file, offset)));
  }

  private static Part whole(Format format, RawFile file, int offset) {
    return new Part(Role.ROOT, format, offset, file.size() - offset, "");
  }

  private static ImageFacts facts(Kind kind, Found found, List<Part> parts) {
    return new ImageFacts(kind, found.path().toString(), parts, found.owner());
  }

  private static InvalidSpecException noImage(Found found, String description) {
    return new InvalidSpecException(
        "the file "
            + found.path()
            + " is no container image: it is "
            + description
            + "; give a SIF, a squashfs or ext3 image, or a directory with a root tree"
            + (Lookalike.maySaveAnImage(description)
                ? ". If an image was saved in it, build one from it first, such as with apptainer"
                    + " build NEW.sif docker-archive:"
                    + found.path()
                    + " (or oci-archive:)"
                : ""));
  }
}
