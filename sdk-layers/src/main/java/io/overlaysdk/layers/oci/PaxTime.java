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

  static String format(Instant time) {
    return BigDecimal.valueOf(time.getEpochSecond())
        .add(BigDecimal.valueOf(time.getNano(), 9))
        .stripTrailingZeros()
        .toPlainString();
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
