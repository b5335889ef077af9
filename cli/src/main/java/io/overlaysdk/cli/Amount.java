package io.overlaysdk.cli;

import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Whole numbers with a unit: {@code 512M} of bytes, {@code 90s} of time. */
final class Amount {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,18})([A-Za-z]*)");
  private static final Map<String, Long> BYTES =
      Map.of("", 1L, "K", 1L << 10, "M", 1L << 20, "G", 1L << 30, "T", 1L << 40);
  private static final Map<String, Long> MILLIS =
      Map.of("ms", 1L, "s", 1000L, "m", 60_000L, "h", 3_600_000L, "d", 86_400_000L);

  private Amount() {}

  private static long read(String text, Map<String, Long> units, String expected) {
    Matcher matcher = FORM.matcher(text);
    Long unit = matcher.matches() ? units.get(matcher.group(2)) : null;
    if (unit == null) {
      throw new TypeConversionException("\"" + text + "\" is not " + expected);
    }
    try {
      return Math.multiplyExact(Long.parseLong(matcher.group(1)), unit);
    } catch (ArithmeticException e) {
      throw new TypeConversionException("\"" + text + "\" is too large");
    }
  }

  static final class OfBytes implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      return read(
          text, BYTES, "a size: expected bytes, or a number with K, M, G or T such as 512M");
    }
  }

  static final class OfTime implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
      return Duration.ofMillis(
          read(text, MILLIS, "a time: expected a number with ms, s, m, h or d, such as 90s or 5m"));
    }
  }
}
