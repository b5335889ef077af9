package io.overlaysdk.backend.support.sif;

import io.overlaysdk.backend.support.sif.Dialect.UserMounts;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.OverlayFacts.Kind;
import io.overlaysdk.spi.Request;
import io.overlaysdk.spi.Step;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Sees to it that a plain user's overlays are always read by what wrote them. Left to itself,
 * Apptainer 1.4.5 writes them with fuse-overlayfs and reads them with the kernel where all are
 * read-only, which does not know the marks of the other: deleted files are back. Over a directory
 * image it writes with the kernel too, where {@code rm -r} then fails with an I/O error. With
 * {@code enable overlay = driver} it always uses fuse-overlayfs; where it is not setuid a user may
 * give it a configuration, here the site's own but for this line.
 */
final class Driver {
  private static final String DRIVER = "driver";

  private final Installation installation;
  private final Request request;

  private Driver(Installation installation, Request request) {
    this.installation = installation;
    this.request = request;
  }

  /** The configuration that the tool is to be given, where it needs one. */
  static Optional<Step.WriteFile> configuration(Installation installation, Request request) {
    return new Driver(installation, request).configuration();
  }

  private Optional<Step.WriteFile> configuration() {
    boolean settled =
        request.identity().isRoot()
            || installation.dialect().userMounts() == UserMounts.KERNEL
            || (request.overlays().isEmpty() && request.image().overlays().isEmpty())
            || installation.is(Facts.ENABLE_OVERLAY, DRIVER);
    if (settled) {
      return Optional.empty();
    }
    Optional<String> site = installation.found().fact(Facts.SITE);
    if (installation.isSetuid() || site.isEmpty()) {
      checkKernelReadsWhatIsThere();
      return Optional.empty();
    }
    Path file = request.scratch().resolve("apptainer.conf");
    return Optional.of(new Step.WriteFile(file, withDriver(site.get())));
  }

  /** Where there is a writable overlay on top, all is fuse-overlayfs anyway. */
  private void checkKernelReadsWhatIsThere() {
    if (request.overlays().stream().anyMatch(OverlayFacts::isWritable)) {
      return;
    }
    request.overlays().stream()
        .filter(overlay -> overlay.kind() == Kind.DIRECTORY || overlay.kind() == Kind.EXT3)
        .findFirst()
        .ifPresent(
            overlay -> {
              throw installation.refuse(
                  "the read-only overlay " + overlay.path(),
                  "reads it with the kernel, which shows files that fuse-overlayfs has deleted,"
                      + " and takes no other configuration from a plain user here",
                  "Put a writable overlay on top, use the backend fuse-overlayfs, or ask the"
                      + " administrator for \"enable overlay = driver\".");
            });
  }

  private static String withDriver(String site) {
    return Stream.concat(
            site.lines().filter(line -> !line.startsWith(Facts.ENABLE_OVERLAY)),
            Stream.of(Facts.ENABLE_OVERLAY + " = " + DRIVER))
        .collect(Collectors.joining("\n", "", "\n"));
  }
}
