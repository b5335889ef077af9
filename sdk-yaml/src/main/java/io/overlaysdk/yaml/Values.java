package io.overlaysdk.yaml;

import io.overlaysdk.ContainerPath;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Single values that more than one section holds. */
final class Values {
  private static final Pattern DURATION =
      Pattern.compile("(?:(\\d{1,9})h)?(?:(\\d{1,9})m)?(?:(\\d{1,9})s)?");
  private static final Pattern SIZE = Pattern.compile("(\\d{1,15})([KMGT]?)");
  private static final String UNITS = "KMGT";

  /** The only form of both files so far. */
  private static final int VERSION = 1;

  private Values() {}

  /** A file of a later version may mean something else by the same keys. */
  static void requireVersion(Section section) {
    section.ifPresent(
        "version",
        node -> {
          if (node.number() != VERSION) {
            throw node.place()
                .error("version " + node.number() + " is not known here; known is " + VERSION);
          }
        });
  }

  /** A text that names something, and so is not empty. */
  static String name(Node node) {
    String text = node.text();
    if (text.isEmpty()) {
      throw node.place().error("this cannot be empty");
    }
    return text;
  }

  static Path path(Node node) {
    String text = name(node);
    return node.place().check(() -> Path.of(text));
  }

  static ContainerPath containerPath(Node node) {
    String text = name(node);
    return node.place().check(() -> ContainerPath.of(text));
  }

  static List<String> texts(Node node) {
    return node.items().stream().map(Node::text).toList();
  }

  /** Hours, minutes and seconds: {@code 90s}, {@code 5m}, {@code 1h30m}. */
  static Duration duration(Node node) {
    String text = node.text();
    Matcher parts = DURATION.matcher(text);
    if (text.isEmpty() || !parts.matches()) {
      throw node.place()
          .error("expected a time such as 90s, 5m or 1h30m, found " + Shown.quoted(text));
    }
    return Duration.ofHours(number(parts.group(1)))
        .plusMinutes(number(parts.group(2)))
        .plusSeconds(number(parts.group(3)));
  }

  private static long number(String digits) {
    return digits == null ? 0 : Long.parseLong(digits);
  }

  /** Bytes, or multiples of 1024 of them: {@code 4096}, {@code 64M}, {@code 1G}. */
  static long size(Node node) {
    String text = node.text();
    Matcher parts = SIZE.matcher(text);
    if (!parts.matches()) {
      throw node.place()
          .error(
              "expected a size in bytes, or in units of 1024 such as 64M or 1G, found "
                  + Shown.quoted(text));
    }
    long unit = 1L << 10 * (UNITS.indexOf(parts.group(2)) + (parts.group(2).isEmpty() ? 0 : 1));
    try {
      return Math.multiplyExact(Long.parseLong(parts.group(1)), unit);
    } catch (ArithmeticException e) {
      throw node.place().error("too large a size: " + text);
    }
  }

  /** What a fixed word stands for. */
  static <T> T choice(Node node, Map<String, T> words) {
    String word = node.text();
    T choice = words.get(word);
    if (choice == null) {
      throw node.place().error(Shown.quoted(word) + "; " + Nearest.hint(word, words.keySet()));
    }
    return choice;
  }
}
