package io.overlaysdk;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * A session, build or the like that the journal of this user knows of; see {@link
 * OverlaySdk#sessions}.
 *
 * @param name the name by which it is joined; empty where it ends with the process that opened it
 * @param description what it was opened with, for people
 * @param backend who runs it, as far as that is known yet
 * @param host the machine on which it is
 * @param process the process that owns it there
 * @param since when it was opened
 * @param alive whether its owner may still live; else {@link OverlaySdk#recover} takes away what is
 *     left of it
 */
public record SessionReport(
    Optional<String> name,
    String description,
    Optional<String> backend,
    String host,
    long process,
    Instant since,
    boolean alive) {
  /** None may be null. */
  public SessionReport {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(description, "description");
    Objects.requireNonNull(backend, "backend");
    Objects.requireNonNull(host, "host");
    Objects.requireNonNull(since, "since");
  }
}
