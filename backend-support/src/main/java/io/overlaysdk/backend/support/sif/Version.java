package io.overlaysdk.backend.support.sif;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The first three numbers of a version; what packagers append says nothing about options. */
record Version(int major, int minor, int patch) implements Comparable<Version> {
  private static final Pattern NUMBERS =
      Pattern.compile("v?(\\d{1,6})\\.(\\d{1,6})(?:\\.(\\d{1,6}))?(?:\\D.*)?", Pattern.DOTALL);

  static Optional<Version> parse(String text) {
    Matcher numbers = NUMBERS.matcher(text);
    if (!numbers.matches()) {
      return Optional.empty();
    }
    String patch = numbers.group(3) == null ? "0" : numbers.group(3);
    return Optional.of(
        new Version(
            Integer.parseInt(numbers.group(1)),
            Integer.parseInt(numbers.group(2)),
            Integer.parseInt(patch)));
  }

  boolean isBefore(Version other) {
    return compareTo(other) < 0;
  }

  @Override
  public int compareTo(Version other) {
    return Comparator.comparingInt(Version::major)
        .thenComparingInt(Version::minor)
        .thenComparingInt(Version::patch)
        .compare(this, other);
  }

  @Override
  public String toString() {
    return major + "." + minor + "." + patch;
  }
}
