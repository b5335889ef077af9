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
import java.util.Optional;
import java.util.stream.Stream;

/** What a merged root cannot express, refused by name. */
final class Limits {
  private final Request request;
  private final String backend;
  private final boolean byKernel;

  private Limits(Request request, Merge merge) {
    this.request = request;
    this.backend = merge.backend();
    this.byKernel = merge.isByKernel();
  }

  /**
   * @throws UnsupportedException where the request holds something that a merged root cannot be
   */
  static void check(Request request, Merge merge) {
    Limits limits = new Limits(request, merge);
    limits.checkImage();
    limits.checkOverlays();
    limits.checkFakeroot();
    limits.checkCapabilities();
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

  private void checkCapabilities() {
    if (request.spec().dropsCapabilities() && request.tool().tool(RootTools.SETPRIV).isEmpty()) {
      throw refusal(
          "there is no " + RootTools.SETPRIV + " to take capabilities away with",
          "Install util-linux (on Debian the package of this name)");
    }
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
      case HOST -> checkHost();
      case PENDING -> {}
      case DIRECTORY -> checkOwner(image);
      default -> checkParts(image);
    }
  }

  private void checkHost() {
    if (!byKernel) {
      throw refusal(
          "the machine's own root cannot be the image",
          "Use the backend overlayfs, or a SIF, a squashfs image or a directory");
    }
    if (Mode.of(request) == Mode.FAKEROOT) {
      throw refusal(
          "fakeroot over the machine's own root: its files belong to users that your user"
              + " namespace cannot map",
          "Run without fakeroot, or as root");
    }
    if (request.overlays().size() > 1) {
      throw refusal(
          "the machine's own root takes one overlay, and there are " + request.overlays().size(),
          "Give one");
    }
    if (request.overlays().stream().anyMatch(overlay -> !overlay.isWritable())) {
      throw refusal(
          "an overlay of the machine's own root lies in that root, and the kernel takes nothing as"
              + " two layers",
          "Use it for writing, or read its upper directory");
    }
    Path scratch = request.scratch();
    if (Mode.of(request) == Mode.USER && scratch.startsWith(request.identity().home())) {
      throw refusal(
          "the scratch directory "
              + scratch
              + " lies in the home directory, which could not be changed then",
          "Configure another scratch directory, such as one in /tmp");
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
      } else {
        needSquashfuse(image.location());
      }
    }
  }

  /** The kernel lets nobody change a file whose owner the user namespace does not map. */
  private void checkOwner(ImageFacts image) {
    if (byKernel && Mode.of(request) == Mode.USER && image.owner() != request.identity().uid()) {
      throw refusal(
          image.location()
              + " belongs to user "
              + image.owner()
              + ", whose files the kernel lets nobody else change",
          "Use the backend fuse-overlayfs, or a SIF, a squashfs image or a directory of your own");
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
        checkUpper(overlay);
      } else if (overlay.kind() == OverlayFacts.Kind.SQUASHFS) {
        needSquashfuse(overlay.path().toString());
      }
    }
  }

  private void checkUpper(OverlayFacts overlay) {
    if (byKernel && overlay.isWritable() && !Layers.hasLoop(request, "ext3")) {
      throw refusal(
          overlay.path()
              + " is an ext3 file system, which only root can mount without FUSE, and the kernel"
              + " writes no changes through FUSE",
          "Use a directory overlay (or an ephemeral one without a size), or the backend"
              + " fuse-overlayfs or apptainer");
    }
  }

  private void needFuse2fs(String file) {
    if (!Layers.hasLoop(request, "ext3")) {
      need(RootTools.FUSE2FS, file + " is an ext3 file system", "use a directory overlay");
    }
  }

  private void needSquashfuse(String file) {
    if (Layers.hasLoop(request, "squashfs")) {
      return;
    }
    need(RootTools.SQUASHFUSE, file + " is a squashfs file system", "use a directory");
    Optional<String> tool = request.tool().fact(RootTools.NO_OWNER);
    if (byKernel && tool.isPresent() && Mode.of(request) == Mode.USER) {
      throw refusal(
          tool.get() + " cannot say that the files in " + file + " are the user's",
          "Install squashfuse 0.5 or newer, or use a directory");
    }
  }

  private void need(String program, String why, String otherwise) {
    if (request.tool().tool(program).isEmpty()) {
      Optional<String> noFuse = request.tool().fact(RootTools.NO_FUSE);
      throw refusal(
          why + ", and " + noFuse.orElse(program + " is not installed"),
          "Install the package " + program + ", or " + otherwise);
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
                  "Install newuidmap and newgidmap (the package uidmap or shadow-utils), or run without"
                      + " fakeroot");
            });
    checkMapped(identity, ranges);
  }

  /** Files of an owner that the namespace does not map cannot be copied up: EOVERFLOW. */
  private void checkMapped(Identity identity, Identity.IdRanges ranges) {
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
