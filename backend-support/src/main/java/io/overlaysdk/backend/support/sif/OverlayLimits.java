package io.overlaysdk.backend.support.sif;

import io.overlaysdk.backend.support.sif.Dialect.UserMounts;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.OverlayFacts.Kind;
import io.overlaysdk.spi.Request;

/** Which overlays a tool can lay over an image, for whom. */
final class OverlayLimits {
  private static final Version FUSE_IN_SETUID = new Version(1, 3, 0);
  private static final String OTHERWISE =
      "Use the backend fuse-overlayfs, or Apptainer, or another kind of overlay.";

  private final Installation installation;
  private final Request request;

  private OverlayLimits(Installation installation, Request request) {
    this.installation = installation;
    this.request = request;
  }

  static void check(Installation installation, Request request) {
    OverlayLimits limits = new OverlayLimits(installation, request);
    request.overlays().forEach(limits::checkAccess);
    if (!request.overlays().isEmpty() && installation.is(Facts.ENABLE_OVERLAY, "no")) {
      throw installation.refuseBySite(limits.first(), Facts.ENABLE_OVERLAY, "no");
    }
    if (request.identity().isRoot()) {
      return;
    }
    if (installation.dialect().userMounts() == UserMounts.FUSE) {
      limits.checkFuse();
    } else {
      limits.checkKernel();
    }
  }

  /**
   * Whether the tool has to be told to make a user namespace: a setuid SingularityCE gives a plain
   * user directory overlays only there.
   */
  static boolean needsUserNamespace(Installation installation, Request request) {
    return !request.identity().isRoot()
        && !request.spec().isFakeroot()
        && installation.dialect().userMounts() == UserMounts.KERNEL
        && installation.isSetuid()
        && request.overlays().stream().anyMatch(OverlayLimits::isDirectory);
  }

  private static boolean isDirectory(OverlayFacts overlay) {
    return overlay.kind() == Kind.DIRECTORY || overlay.kind() == Kind.LAYER;
  }

  private String first() {
    return "the overlay " + request.overlays().get(0).path();
  }

  private void checkAccess(OverlayFacts overlay) {
    if (overlay.isWritable() && overlay.kind() == Kind.SQUASHFS) {
      throw installation.refuse(
          "the writable overlay " + overlay.path() + ", which is a squashfs",
          "can only read one",
          "Give it read-only, or use a directory or an ext3 image.");
    }
    if (overlay.isWritable() && overlay.kind() == Kind.LAYER) {
      throw installation.refuse(
          "the writable overlay " + overlay.path() + ", which has no \"upper\"",
          "would make one inside and hide what is there",
          "Give it read-only, or make an overlay and put the layer below it.");
    }
  }

  private void checkFuse() {
    if (request.overlays().isEmpty()) {
      return;
    }
    if (installation.isSetuid() && installation.version().isBefore(FUSE_IN_SETUID)) {
      throw installation.refuse(
          first(),
          "is installed setuid, and mounts overlays for plain users only since " + FUSE_IN_SETUID,
          OTHERWISE);
    }
    require(installation.has("fuse-overlayfs"), first(), "fuse-overlayfs");
    for (OverlayFacts overlay : request.overlays()) {
      String asked = "the overlay " + overlay.path();
      if (overlay.kind() == Kind.EXT3) {
        require(installation.has("fuse2fs"), asked, "fuse2fs");
      } else if (overlay.kind() == Kind.SQUASHFS) {
        require(
            installation.has("squashfuse_ll") || installation.has("squashfuse"),
            asked,
            "squashfuse");
      }
    }
  }

  private void require(boolean present, String asked, String program) {
    if (!present) {
      throw installation.refuse(
          asked,
          "needs the program " + program + " to mount it for a plain user",
          "Install the package " + program + ".");
    }
  }

  private void checkKernel() {
    boolean inUserNamespace =
        request.spec().isFakeroot()
            || !installation.isSetuid()
            || needsUserNamespace(installation, request);
    request.overlays().stream()
        .filter(overlay -> !isDirectory(overlay))
        .forEach(
            overlay -> {
              if (inUserNamespace) {
                throw kernelRefuses("the overlay " + overlay.path() + ", which is an image");
              }
              checkKernelMount(overlay);
            });
    if (inUserNamespace && !request.image().overlays().isEmpty()) {
      throw kernelRefuses("the overlay inside " + request.image().location());
    }
    if (inUserNamespace && !request.overlays().isEmpty()) {
      checkUserNamespace();
    }
  }

  private RuntimeException kernelRefuses(String asked) {
    return installation.refuse(asked, "cannot mount images in a user namespace", OTHERWISE);
  }

  private void checkKernelMount(OverlayFacts overlay) {
    String directive = overlay.kind() == Kind.EXT3 ? Facts.KERNEL_EXTFS : Facts.KERNEL_SQUASHFS;
    if (installation.is(directive, "no")) {
      throw installation.refuseBySite("the overlay " + overlay.path(), directive, "no");
    }
  }

  private void checkUserNamespace() {
    if (installation.is(Facts.USER_NAMESPACES, "no")) {
      throw installation.refuseBySite(first(), Facts.USER_NAMESPACES, "no");
    }
    if (!installation.kernelMountsOverlaysForUsers()) {
      // it then leaves --overlay out without a word (setSessionLayer, SingularityCE 4.5)
      throw installation.refuse(
          first(),
          "mounts overlays for plain users with the kernel alone, which can from Linux 5.11 on;"
              + " this is "
              + installation.found().fact(Facts.KERNEL).orElse("unknown"),
          OTHERWISE);
    }
  }
}
