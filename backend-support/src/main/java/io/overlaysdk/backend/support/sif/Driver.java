package io.overlaysdk.backend.support.sif;

import static io.overlaysdk.spi.Dialect.FUSE;
import static io.overlaysdk.spi.Dialect.KERNEL_PLAIN;
import static io.overlaysdk.spi.Dialect.KERNEL_TRUSTED;
import static io.overlaysdk.spi.Dialect.NEUTRAL;

import io.overlaysdk.backend.support.sif.Dialect.UserMounts;
import io.overlaysdk.spi.ImageFacts;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Request;
import io.overlaysdk.spi.Step;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Which driver a tool will lay the overlays with, and what it makes of the marks that it finds.
 *
 * <p>Left to itself, Apptainer 1.4.5 writes a plain user's overlays with fuse-overlayfs and reads
 * them with the kernel where all are read-only, which does not know the marks of the other: deleted
 * files are back. Over a directory image it writes with the kernel too, where {@code rm -r} then
 * fails with an I/O error. With {@code enable overlay = driver} it always uses fuse-overlayfs;
 * where it is not setuid a user may give it a configuration, here the site's own but for this line.
 *
 * @param reads the marks that it understands
 * @param writes the marks that it makes
 * @param configuration what the tool is to be given in place of the site's configuration
 */
record Driver(
    Set<io.overlaysdk.spi.Dialect> reads,
    io.overlaysdk.spi.Dialect writes,
    Optional<Step.WriteFile> configuration) {
  private static final String DRIVER = "driver";

  private static final Driver AS_ROOT =
      new Driver(Set.of(NEUTRAL, KERNEL_PLAIN, KERNEL_TRUSTED), KERNEL_TRUSTED, Optional.empty());

  private static final Driver IN_USER_NAMESPACE =
      new Driver(Set.of(NEUTRAL, KERNEL_PLAIN), KERNEL_PLAIN, Optional.empty());

  /** The driver that {@code request} gets. */
  static Driver of(Installation installation, Request request) {
    if (request.identity().isRoot()) {
      return AS_ROOT;
    }
    return installation.dialect().userMounts() == UserMounts.KERNEL
        ? kernel(installation, request)
        : fuse(installation, request);
  }

  /** Setuid, SingularityCE mounts a plain user's images as root does. */
  private static Driver kernel(Installation installation, Request request) {
    boolean inUserNamespace =
        !installation.isSetuid()
            || request.spec().isFakeroot()
            || OverlayLimits.needsUserNamespace(installation, request);
    return inUserNamespace ? IN_USER_NAMESPACE : AS_ROOT;
  }

  private static Driver fuse(Installation installation, Request request) {
    boolean settled =
        (request.overlays().isEmpty() && request.image().overlays().isEmpty())
            || installation.is(Facts.ENABLE_OVERLAY, DRIVER);
    if (settled) {
      return byFuse(Optional.empty());
    }
    Optional<String> site = installation.found().fact(Facts.SITE);
    if (!installation.isSetuid() && site.isPresent()) {
      Path file = request.scratch().resolve("apptainer.conf");
      return byFuse(Optional.of(new Step.WriteFile(file, withDriver(site.get()))));
    }
    if (request.overlays().stream().noneMatch(OverlayFacts::isWritable)) {
      return IN_USER_NAMESPACE;
    }
    if (!installation.isSetuid() && request.image().kind() == ImageFacts.Kind.DIRECTORY) {
      throw installation.refuse(
          "a writable overlay over the directory " + request.image().location(),
          "writes it with the kernel, where rm -r fails with an I/O error, and its configuration,"
              + " which would have to say \"enable overlay = driver\", cannot be read",
          "Use a SIF, the backend fuse-overlayfs, or ask the administrator for that line.");
    }
    return byFuse(Optional.empty());
  }

  private static Driver byFuse(Optional<Step.WriteFile> configuration) {
    return new Driver(Set.of(NEUTRAL, FUSE), FUSE, configuration);
  }

  private static String withDriver(String site) {
    return Stream.concat(
            site.lines().filter(line -> !line.startsWith(Facts.ENABLE_OVERLAY)),
            Stream.of(Facts.ENABLE_OVERLAY + " = " + DRIVER))
        .collect(Collectors.joining("\n", "", "\n"));
  }
}
