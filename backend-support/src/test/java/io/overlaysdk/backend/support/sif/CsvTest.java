package io.overlaysdk.backend.support.sif;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class CsvTest {
  @Test
  void leavesAnOrdinaryFieldAlone() {
    assertEquals("/data/a b:c'd\\e$HOME", Csv.field("/data/a b:c'd\\e$HOME"));
  }

  @Test
  void quotesWhatWouldEndAFieldOrALine() {
    assertEquals("\"/a,b\"", Csv.field("/a,b"));
    assertEquals("\"/a\nb\"", Csv.field("/a\nb"));
    assertEquals("\"/a\"\"b\"", Csv.field("/a\"b"));
    assertEquals("\" a\"", Csv.field(" a"));
    assertEquals("\"\"", Csv.field(""));
  }

  @Test
  void doesNotCarryACarriageReturn() {
    assertFalse(Csv.carries("a\r\nb"));
    assertTrue(Csv.carries("a\nb"));
  }
}
