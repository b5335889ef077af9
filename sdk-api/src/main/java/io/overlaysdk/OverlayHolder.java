package io.overlaysdk;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Who uses an overlay, as far as that is known. {@link #toString} says it in words.
 *
 * @param command what it runs
 * @param process the id of its process on its host
 * @param user the name of its user
 * @param host where it runs
 * @param since when it began to use the overlay
 * @param alive whether its process is there; empty where that cannot be told from here, as of a
 *     process on another host
 * @param seen when it last gave a sign of life; only where it has a lease in place of a lock
 */
public record OverlayHolder(
    String command,
    OptionalLong process,
    Optional<String> user,
    Optional<String> host,
    Optional<Instant> since,
    Optional<Boolean> alive,
    Optional<Instant> seen) {

  public OverlayHolder {
    Objects.requireNonNull(command, "command");
    Objects.requireNonNull(process, "process");
    Objects.requireNonNull(user, "user");
    Objects.requireNonNull(host, "host");
    Objects.requireNonNull(since, "since");
    Objects.requireNonNull(alive, "alive");
    Objects.requireNonNull(seen, "seen");
  }

  /** One of whom nothing is known but these words. */
  public static OverlayHolder inWords(String words) {
    return new OverlayHolder(
        words,
        OptionalLong.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  @Override
  public String toString() {
    if (process.isEmpty()) {
      return command;
    }
    if (user.isEmpty() || host.isEmpty() || since.isEmpty()) {
      return "process " + process.getAsLong() + (command.isEmpty() ? "" : " (" + command + ")");
    }
    return command
        + " (process "
        + process.getAsLong()
        + " of "
        + user.get()
        + " on "
        + host.get()
        + ", since "
        + since.get()
        + seen.map(time -> ", last seen " + time.truncatedTo(ChronoUnit.SECONDS)).orElse("")
        + ")";
  }
}
