package io.overlaysdk;

import java.util.Objects;

/**
 * Something that a session had left behind, and that was ended or taken away; see {@link
 * OverlaySdk#recover}.
 *
 * @param what the pid of a process, the path of a file or directory, or what a session was opened
 *     with
 * @param why how it was known that nobody needs it, for people
 */
public record Recovered(Kind kind, String what, String why) {
  /** What was left. */
  public enum Kind {
    /** A process, ended with all its children and the mounts that they held. */
    PROCESS,
    /** A scratch directory, deleted. */
    SCRATCH,
    /** A file or directory that was to become something and was not complete, deleted. */
    UNFINISHED,
    /** What describes an overlay that was to be filled and was not, put back as it was. */
    RESTORED,
    /** What said that an overlay is in use on another host, taken away. */
    LEASE,
    /** The record of a session, build or the like of which nothing is left any more. */
    SESSION
  }

  /** None may be null. */
  public Recovered {
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(what, "what");
    Objects.requireNonNull(why, "why");
  }

  /** On one line: what was done, and why. */
  @Override
  public String toString() {
    String done =
        switch (kind) {
          case PROCESS -> "ended the process " + what + " and its children";
          case SCRATCH, UNFINISHED -> "deleted " + what;
          case RESTORED -> "put back " + what;
          case LEASE -> "took the overlay from " + what;
          case SESSION -> "closed the session " + what;
        };
    return done + ": " + why;
  }
}
