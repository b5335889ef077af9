package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.time.Instant;
import java.util.regex.Pattern;

/** A time in an extended header: seconds since 1970 as a decimal number, exact to nanoseconds. */
final class PaxTime {
  private static final Pattern FORM = Pattern.compile("-?[0-9]{1,12}(\\.[0-9]{0,30})?");
  private static final BigInteger NANOS = BigInteger.valueOf(1_000_000_000);

  private PaxTime() {}

  /** Without zeros at the end. A time before 1970 is a negative number, fraction and all. */
  static String format(Instant time) {
    boolean negative = time.getEpochSecond() < 0;
    long seconds = time.getEpochSecond();
    int nanos = time.getNano();
    if (negative && nanos > 0) {
      seconds++;
      nanos = 1_000_000_000 - nanos;
    }
    StringBuilder text = new StringBuilder(negative ? "-" : "").append(Math.abs(seconds));
    if (nanos > 0) {
      text.append('.');
      for (int unit = 100_000_000; nanos > 0; unit /= 10) {
        text.append((char) ('0' + nanos / unit));
        nanos %= unit;
      }
    }
    return text.toString();
  }

  static Instant parse(byte[] value) throws BadHeader {
    String text = new String(value, ISO_8859_1);
    if (!FORM.matcher(text).matches()) {
      throw new BadHeader("an extended header holds a time that is none");
    }
    BigInteger[] parts =
        new BigDecimal(text)
            .movePointRight(9)
            .setScale(0, RoundingMode.FLOOR)
            .toBigInteger()
            .divideAndRemainder(NANOS);
    return Instant.ofEpochSecond(parts[0].longValueExact(), parts[1].longValueExact());
  }
}
