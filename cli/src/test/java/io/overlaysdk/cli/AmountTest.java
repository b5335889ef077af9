package io.overlaysdk.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class AmountTest {
  @Test
  void readsBytes() {
    assertEquals(1234L, new Amount.OfBytes().convert("1234"));
    assertEquals(2048L, new Amount.OfBytes().convert("2K"));
    assertEquals(512L << 20, new Amount.OfBytes().convert("512M"));
    assertEquals(1L << 30, new Amount.OfBytes().convert("1G"));
    assertEquals(3L << 40, new Amount.OfBytes().convert("3T"));
  }

  @Test
  void readsTimes() {
    assertEquals(Duration.ofMillis(250), new Amount.OfTime().convert("250ms"));
    assertEquals(Duration.ofSeconds(90), new Amount.OfTime().convert("90s"));
    assertEquals(Duration.ofMinutes(5), new Amount.OfTime().convert("5m"));
    assertEquals(Duration.ofHours(2), new Amount.OfTime().convert("2h"));
    assertEquals(Duration.ofDays(1), new Amount.OfTime().convert("1d"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "M", "-1M", "1.5G", "1 G", "1g", "1KB", "9999999T", "٣"})
  void refusesOtherSizes(String text) {
    assertThrows(TypeConversionException.class, () -> new Amount.OfBytes().convert(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "s", "90", "-5s", "1.5h", "5M", "5 s", "999999999999999999d"})
  void refusesOtherTimes(String text) {
    assertThrows(TypeConversionException.class, () -> new Amount.OfTime().convert(text));
  }
}
