package io.overlaysdk.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
  @Test
  void escapesWhateverIsNotPlainAscii() {
    assertEquals("\"a\\\"b\\\\c/\"", Json.of("a\"b\\c/"));
    assertEquals("\"\\u000a\\u0009\\u0000\\u007f\"", Json.of("\n\t\0\u007f"));
    assertEquals("\"\\u00e9\\ud83d\\ude00\"", Json.of("é😀"));
  }

  @Test
  void writesMapsAndListsInsideOneAnother() {
    assertEquals("{\"a\":[1,true,{}]}", Json.of(Map.of("a", List.of(1, true, Map.of()))));
    assertEquals("[[],-5]", Json.of(List.of(List.of(), -5L)));
  }

  @Test
  void refusesWhatHasNoForm() {
    assertThrows(IllegalArgumentException.class, () -> Json.of(1.5));
  }
}
