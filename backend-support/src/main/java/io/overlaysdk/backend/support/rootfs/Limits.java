package io.overlaysdk.backend.support.rootfs;

import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.ImageFacts.Format;
import io.overlaysdk.spi.ImageFacts.Kind;
import io.overlaysdk.spi.ImageFacts.Part;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Request;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What a merged root cannot express, refused by name. */
final class Limits {
  private final Request request;
  private final String backend;

  private Limits(Request request, String backend) {
    this.request = request;
    this.backend = backend;
  }

  /**
   * @throws UnsupportedException where the request holds something that a merged root cannot be
   */
  static void check(Request request, String backend) {
    Limits limits = new Limits(request, backend);
    limits.checkImage();
    limits.checkOverlays();
    limits.checkFakeroot();
    limits.checkScratch();
    request
        .spec()
        .gpu()
        .ifPresent(
            gpu -> {
              throw limits.refusal(
                  "the libraries of " + gpu + " graphics processors cannot be brought in",
                  "Use the backend apptainer or singularity");
            });
  }

  private UnsupportedException refusal(String problem, String remedy) {
    return new UnsupportedException(backend + ": " + problem + ". " + remedy + ".");
  }

  private void checkImage() {
    ImageFacts image = request.image();
    switch (image.kind()) {
      case REMOTE ->
          throw refusal(
              "the image " + image.location() + " is not on this machine",
              "Fetch it first (apptainer pull IMAGE.sif "
                  + image.location()
                  + ") and use the file");
      case HOST ->
          throw refusal(
              "the machine's own root cannot be the image",
              "Use a SIF, a squashfs image or a directory");
      case PENDING, DIRECTORY -> {}
      default -> checkParts(image);
    }
  }

  private void checkParts(ImageFacts image) {
    if (image.root().isEmpty()) {
      throw refusal(image.location() + " holds no root file system", "Build the image anew");
    }
    for (Part part : image.parts()) {
      if (part.format() == Format.ENCRYPTED) {
        throw refusal(
            image.location() + " is encrypted, and no key can be given",
            "Use the backend apptainer or an image that is not encrypted");
      }
      String architecture = part.architecture();
      if (!architecture.isEmpty() && !architecture.equals(request.architecture())) {
        throw refusal(
            image.location()
                + " is for "
                + architecture
                + ", this machine is "
                + request.architecture(),
            "Use an image for " + request.architecture());
      }
      if (part.format() == Format.EXT3) {
        needFuse2fs(image.location());
      }
    }
  }

  private void checkOverlays() {
    for (OverlayFacts overlay : request.overlays()) {
      boolean onlyRead =
          overlay.kind() == OverlayFacts.Kind.SQUASHFS || overlay.kind() == OverlayFacts.Kind.LAYER;
      if (overlay.isWritable() && onlyRead) {
        throw refusal(
            "the overlay " + overlay.path() + " (" + overlay.kind() + ") cannot be written to",
            "Make it read-only, or use a directory with upper and work, or an ext3 image");
      }
      if (overlay.kind() == OverlayFacts.Kind.EXT3) {
        needFuse2fs(overlay.path().toString());
      }
    }
  }

  private void needFuse2fs(String file) {
    if (request.tool().tool(RootTools.FUSE2FS).isEmpty()) {
      throw refusal(
          file + " is an ext3 file system, and fuse2fs is not installed",
          "Install the package fuse2fs, or use a directory overlay");
    }
  }

  private void checkScratch() {
    Path scratch = request.scratch();
    if (scratch.toString().contains(":")) {
      throw refusal(
          "the scratch directory " + scratch + " has a colon in its path, at which drivers split",
          "Configure another scratch directory");
    }
    Stream<Path> image =
        request.image().kind() == Kind.DIRECTORY ? Stream.of(request.image().path()) : Stream.of();
    Stream.concat(image, request.overlays().stream().map(OverlayFacts::path))
        .filter(scratch::startsWith)
        .findFirst()
        .ifPresent(
            layer -> {
              throw refusal(
                  "the scratch directory " + scratch + " lies inside of the layer " + layer,
                  "Configure another scratch directory");
            });
  }

  private void checkFakeroot() {
    if (Mode.of(request) != Mode.FAKEROOT) {
      return;
    }
    Identity identity = request.identity();
    Identity.IdRanges ranges =
        identity
            .subordinate()
            .orElseThrow(
                () ->
                    refusal(
                        "fakeroot needs subordinate ids, and "
                            + identity.user()
                            + " has none in /etc/subuid and /etc/subgid",
                        "Ask the administrator for them (usermod --add-subuids), or run without"
                            + " fakeroot"));
    request
        .tool()
        .fact(RootTools.NO_FAKEROOT)
        .ifPresent(
            reason -> {
              throw refusal(
                  "fakeroot does not work here: " + reason,
                  "Install newuidmap and util-linux 2.38 or newer, or run without fakeroot");
            });
    checkOwner(identity, ranges);
  }

  /** Files of an owner that the namespace does not map cannot be copied up: EOVERFLOW. */
  private void checkOwner(Identity identity, Identity.IdRanges ranges) {
    int owner = request.image().owner();
    boolean mapped =
        owner == identity.uid()
            || owner >= ranges.firstUid() && owner < ranges.firstUid() + ranges.uids();
    if (request.image().kind() == Kind.DIRECTORY && !mapped) {
      throw refusal(
          "fakeroot over "
              + request.image().location()
              + ", which belongs to user "
              + owner
              + ": that user is none of "
              + identity.user()
              + "'s subordinate ids",
          "Run without fakeroot, or use a SIF or a directory of your own");
    }
  }
}
