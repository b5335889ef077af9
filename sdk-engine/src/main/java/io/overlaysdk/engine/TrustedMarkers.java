package io.overlaysdk.engine;

import io.overlaysdk.LaunchException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.AttributeDump;
import io.overlaysdk.layers.ExtendedAttributes;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The {@code trusted.overlay.*} attributes by which a kernel overlay of root says what it hides.
 * Java shows them to nobody; {@code getfattr} (of the package attr) shows them to root. It is run
 * once for a whole layer.
 */
final class TrustedMarkers {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private TrustedMarkers() {}

  /**
   * Reads those of all entries below {@code layer}, and of itself. Only root can.
   *
   * @throws LaunchException where getfattr is missing or fails
   */
  static ExtendedAttributes in(Path layer, Host host, Launcher launcher) {
    List<String> words = AttributeDump.command(layer);
    Path program =
        host.find(words.get(0))
            .orElseThrow(
                () ->
                    new LaunchException(
                        "cannot read what the kernel's overlay wrote in "
                            + layer
                            + ": that needs getfattr, which is not here; install the package attr",
                        words,
                        ""));
    Invocation invocation = Invocation.of(program, words.subList(1, words.size()));
    Launcher.Outcome outcome = launcher.run(invocation, Launcher.Terms.within(LIMIT));
    if (outcome.timedOut() || outcome.truncated() || outcome.status() != 0) {
      throw new LaunchException(
          "cannot read the attributes of " + layer, invocation.words(), outcome.errorText());
    }
    return AttributeDump.parse(
        new ByteArrayInputStream(outcome.stdout()),
        (entry, name) -> {
          throw new UnsupportedException(
              "cannot remove " + name + " from " + entry + ": only read");
        });
  }
}
