package io.overlaysdk.backend.support.sif;

import io.overlaysdk.Gpu;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.ImageFacts.Format;
import io.overlaysdk.spi.ImageFacts.Kind;
import io.overlaysdk.spi.ImageFacts.Part;
import io.overlaysdk.spi.Request;
import java.util.Set;

/**
 * What a tool cannot run here whatever lies over it: the image, the site, the user, the devices.
 */
final class Limits {
  /** What the tools fetch by themselves. Not instance://, where overlays are ignored in silence. */
  private static final Set<String> SCHEMES =
      Set.of(
          "docker",
          "docker-archive",
          "docker-daemon",
          "http",
          "https",
          "library",
          "oci",
          "oci-archive",
          "oras",
          "shub");

  private final Installation installation;
  private final Request request;

  private Limits(Installation installation, Request request) {
    this.installation = installation;
    this.request = request;
  }

  static void check(Installation installation, Request request) {
    Limits limits = new Limits(installation, request);
    limits.checkImage();
    limits.checkSite();
    if (request.spec().isFakeroot()) {
      limits.checkFakeroot();
    }
    request.spec().gpu().ifPresent(limits::checkGpu);
  }

  private void checkImage() {
    ImageFacts image = request.image();
    if (image.kind() == Kind.HOST) {
      throw installation.refuse(
          "the machine's own root as image",
          "runs images only",
          "Name an image, or use a backend that can, such as overlayfs.");
    }
    if (image.kind() == Kind.REMOTE) {
      checkScheme(image.location());
    }
    image.parts().forEach(this::checkPart);
  }

  private void checkScheme(String location) {
    String scheme = location.substring(0, Math.max(0, location.indexOf(':')));
    if (!SCHEMES.contains(scheme)) {
      throw installation.refuse(
          "the image " + location,
          "cannot fetch from \"" + scheme + "\" for a session of its own",
          "Give the path of the image.");
    }
  }

  private void checkPart(Part part) {
    String where = "the image " + request.image().location();
    if (part.format() == Format.ENCRYPTED) {
      throw installation.refuse(
          where + ", which is encrypted",
          "would ask for a key, and a session has none to give",
          "Decrypt the image, or use one that is not encrypted.");
    }
    if (!part.architecture().isEmpty() && !part.architecture().equals(request.architecture())) {
      throw installation.refuse(
          where + ", which is for " + part.architecture(),
          "runs on a machine for " + request.architecture() + " here",
          "Use an image that was built for " + request.architecture() + ".");
    }
  }

  private void checkSite() {
    for (String promise : Facts.PROMISED) {
      if (installation.is(promise, "no")) {
        throw installation.refuseBySite("a session", promise, "no");
      }
    }
    if (!request.binds().isEmpty() && installation.is(Facts.USER_BINDS, "no")) {
      // only warned of, and left out (1.4.5)
      throw installation.refuseBySite(
          "the bind at " + request.binds().get(0).target(), Facts.USER_BINDS, "no");
    }
  }

  private void checkFakeroot() {
    boolean drops = request.spec().dropsCapabilities();
    if (request.identity().isRoot()) {
      if (!drops
          && !request.identity().capable()
          && installation.found().fact(Facts.WITHHELD).isEmpty()) {
        throw installation.refuse(
            "fakeroot",
            "cannot leave root its capabilities, because it is not known which are withheld",
            "Run as a plain user.");
      }
      return;
    }
    if (drops) {
      // --no-privs and --drop-caps are taken and change nothing (1.4.5)
      throw installation.refuse(
          "fakeroot without capabilities",
          "leaves commands with fakeroot all capabilities of their user namespace",
          "Leave one of them out, or use the backend fuse-overlayfs or overlayfs.");
    }
    if (request.identity().subordinate().isEmpty()) {
      // 1.4.5 would go on with a single id, or with a fakeroot command whose owners are forgotten
      throw installation.refuse(
          "fakeroot",
          "needs subordinate ids to keep the owners of files, and " + user() + " has none",
          "Ask the administrator for lines in /etc/subuid and /etc/subgid.");
    }
    if (!installation.isSetuid() && !installation.has("newuidmap")) {
      throw installation.refuse(
          "fakeroot",
          "needs the program newuidmap to map subordinate ids",
          "Install the package uidmap (shadow-utils).");
    }
  }

  private String user() {
    return request.identity().user();
  }

  /** Without a device the tools warn and go on. */
  private void checkGpu(Gpu gpu) {
    String fact = gpu == Gpu.NVIDIA ? Facts.NVIDIA : Facts.AMD;
    if (installation.found().fact(fact).isEmpty()) {
      throw installation.refuse(
          "the " + fact + " graphics processor",
          "would go on without it: no such device is open to " + user() + " here",
          "Run on a machine with one and its driver.");
    }
  }
}
