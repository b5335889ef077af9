package io.overlaysdk;

import java.util.Objects;

/**
 * What a look at this machine brought out. Something was tried wherever that is possible, and not
 * concluded from a version.
 *
 * @param subject what was looked at, such as {@code user namespaces} or {@code scratch directory}
 * @param level how it is
 * @param tried what was done to find out
 * @param found what came out
 * @param meaning what that means for which feature; empty where all is fine
 * @param remedy what to do about it; empty where there is nothing to do
 */
public record Finding(
    String subject, Level level, String tried, String found, String meaning, String remedy) {

  /** How something is. */
  public enum Level {
    FINE,
    /** Something works less well, or does not work that most sessions do without. */
    WARNING,
    /** Sessions fail for this. */
    PROBLEM
  }

  public Finding {
    Objects.requireNonNull(subject, "subject");
    Objects.requireNonNull(level, "level");
    Objects.requireNonNull(tried, "tried");
    Objects.requireNonNull(found, "found");
    Objects.requireNonNull(meaning, "meaning");
    Objects.requireNonNull(remedy, "remedy");
  }

  /** All is as it should be. */
  public static Finding fine(String subject, String tried, String found) {
    return new Finding(subject, Level.FINE, tried, found, "", "");
  }

  @Override
  public String toString() {
    return subject + ": " + found + (meaning.isEmpty() ? "" : "; " + meaning);
  }
}
