package io.overlaysdk.backend.support.sif;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;

final class VersionTest {
  @Test
  void readsWhatPackagersAppend() {
    assertEquals(Optional.of(new Version(1, 4, 5)), Version.parse("1.4.5"));
    assertEquals(Optional.of(new Version(1, 4, 5)), Version.parse("1.4.5-1.el9"));
    assertEquals(Optional.of(new Version(4, 1, 0)), Version.parse("4.1.0-rc.1+3-gabc"));
    assertEquals(Optional.of(new Version(6, 18, 44)), Version.parse("6.18.44-fc-v669"));
    assertEquals(Optional.of(new Version(1, 4, 0)), Version.parse("1.4"));
    assertEquals(Optional.of(new Version(5, 4, 0)), Version.parse("5.4-generic"));
  }

  @Test
  void readsNothingElse() {
    assertEquals(Optional.empty(), Version.parse(""));
    assertEquals(Optional.empty(), Version.parse("unknown"));
    assertEquals(Optional.empty(), Version.parse("1"));
    assertEquals(Optional.empty(), Version.parse("99999999999.1.1"));
  }

  @Test
  void comparesNumbersAndNotTexts() {
    assertTrue(new Version(1, 9, 9).isBefore(new Version(1, 10, 0)));
    assertTrue(new Version(3, 11, 5).isBefore(new Version(4, 0, 0)));
    assertFalse(new Version(1, 2, 0).isBefore(new Version(1, 2, 0)));
  }
}
