package io.overlaysdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShareTest {

  @ParameterizedTest
  @EnumSource
  void readsItsOwnWord(Share share) {
    assertEquals(share, Share.parse(share.word()));
  }

  @Test
  void theWordsAreThoseOfTheCommandLine() {
    assertEquals(
        "home tmp cwd env", String.join(" ", Stream.of(Share.values()).map(Share::word).toList()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "HOME", "home ", "dev"})
  void refusesAnotherWordAndNamesTheKnownOnes(String word) {
    assertEquals(
        "cannot share \"" + word + "\": the parts of the host are home, tmp, cwd and env",
        assertThrows(InvalidSpecException.class, () -> Share.parse(word)).getMessage());
  }
}
