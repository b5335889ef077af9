package io.overlaysdk.backend.support.sif;

import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Probe.Present;
import io.overlaysdk.spi.Probe.Tool;
import java.util.List;
import java.util.Optional;

/** A tool that a probe found, as plans look at it. */
record Installation(Dialect dialect, Version version, Tool tool, Present found) {

  /**
   * @throws IllegalArgumentException where {@code found} is not what the probe of this tool found
   */
  static Installation of(String program, List<Dialect> dialects, Present found) {
    Tool tool =
        found
            .tool(program)
            .orElseThrow(() -> new IllegalArgumentException("no " + program + " in " + found));
    Dialect dialect =
        dialects.stream()
            .filter(d -> found.fact(Facts.PRODUCT).equals(Optional.of(d.product())))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no product in " + found));
    Version version =
        Version.parse(tool.version())
            .orElseThrow(() -> new IllegalArgumentException("no version in " + found));
    return new Installation(dialect, version, tool, found);
  }

  /** Where {@code buildcfg} did not say it, setuid is assumed: it can do less. */
  boolean isSetuid() {
    return !is(Facts.SETUID, "no");
  }

  boolean is(String fact, String value) {
    return found.fact(fact).equals(Optional.of(value));
  }

  boolean has(String helper) {
    return found.tool(helper).isPresent();
  }

  /** Whether the kernel mounts overlays for plain users, as far as its version tells: 5.11. */
  boolean kernelMountsOverlaysForUsers() {
    return found
        .fact(Facts.KERNEL)
        .flatMap(Version::parse)
        .filter(kernel -> !kernel.isBefore(new Version(5, 11, 0)))
        .isPresent();
  }

  String name() {
    return dialect.product() + " " + tool.version();
  }

  /**
   * @param asked what was asked for
   * @param reason what the tool does instead, a sentence that goes on from its name
   * @param remedy what would help, a whole sentence
   */
  UnsupportedException refuse(String asked, String reason, String remedy) {
    return new UnsupportedException(
        asked + ": " + name() + " (" + tool.path() + ") " + reason + ". " + remedy);
  }

  /** As {@link #refuse}, where the site's configuration is the reason. */
  UnsupportedException refuseBySite(String asked, String directive, String value) {
    return refuse(
        asked,
        "is told \"" + directive + " = " + value + "\"",
        "Ask the administrator to change "
            + found.fact(Facts.CONFIGURATION).orElse("its configuration")
            + ", or use another backend.");
  }
}
