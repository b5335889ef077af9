package io.overlaysdk.cli;

import io.overlaysdk.SessionSpec;
import java.time.Duration;
import picocli.CommandLine.Option;

/** How long an overlay is waited for that cannot be used yet. */
final class Patience {
  @Option(
      names = "--wait",
      paramLabel = "TIME",
      converter = Amount.OfTime.class,
      description = "Wait so long where others use an overlay in a way that excludes this.")
  private Duration patience;

  /** The same with this patience. */
  SessionSpec of(SessionSpec spec) {
    return patience == null ? spec : spec.patience(patience);
  }
}
