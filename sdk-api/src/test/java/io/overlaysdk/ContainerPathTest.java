package io.overlaysdk;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContainerPathTest {
  private static final byte[] LATIN = "/caf\u00e9".getBytes(ISO_8859_1);

  @ParameterizedTest
  @CsvSource({
    "/, /",
    "///, /",
    "/., /",
    "/./, /",
    "/a, /a",
    "//a//b//, /a/b",
    "/a/./b/., /a/b",
    "/.../..a/.b, /.../..a/.b",
  })
  void dropsRepeatedAndTrailingSlashesAndDots(String given, String clean) {
    assertEquals(clean, ContainerPath.of(given).text());
  }

  @ParameterizedTest
  @CsvSource({"'', absolute", "a, absolute", "./a, absolute", "/.., '\"..\"'", "/a/../b, '\"..\"'"})
  void refusesWhatIsNotAbsoluteOrDependsOnLinks(String given, String reason) {
    String message = refusal(() -> ContainerPath.of(given));
    assertTrue(message.contains(reason), message);
    assertTrue(message.contains("\"" + given + "\""), message);
  }

  @Test
  void refusesNul() {
    assertEquals(
        "a container path cannot hold a NUL: \"/a\\x00b\"",
        refusal(() -> ContainerPath.of("/a\0b")));
  }

  @Test
  void refusesHalfOfASurrogatePairBecauseNoBytesStandForIt() {
    assertTrue(refusal(() -> ContainerPath.of("/a\ud83d")).contains("surrogate"));
  }

  @Test
  void textIsKeptAsUtf8() {
    assertArrayEquals("/\u00e9".getBytes(UTF_8), ContainerPath.of("/\u00e9").bytes());
    assertEquals("/\u00e9", ContainerPath.of("/\u00e9").text());
  }

  @Test
  void keepsBytesThatAreNoUtf8AndRefusesToPretendThatTheyAreText() {
    ContainerPath path = ContainerPath.of(LATIN);
    assertArrayEquals(LATIN, path.bytes());
    assertEquals("the container path \"/caf\\xe9\" is not UTF-8", refusal(path::text));
  }

  @Test
  void neitherTakesNorGivesAnArrayThatCanBeChangedLater() {
    byte[] given = {'/', 'a'};
    ContainerPath path = ContainerPath.of(given);
    given[1] = 'b';
    path.bytes()[1] = 'c';
    assertEquals("/a", path.text());
  }

  @Test
  void printsOnOneLineWithoutAmbiguity() {
    assertEquals("/a\\x0ab", ContainerPath.of("/a\nb").toString());
    assertEquals("/a\\x1b[31m\\x7f", ContainerPath.of("/a\u001b[31m\u007f").toString());
    assertEquals("/a\\\\x0a", ContainerPath.of("/a\\x0a").toString());
    assertEquals(
        "/\u00e9 \u5b57 \ud83d\ude00", ContainerPath.of("/\u00e9 \u5b57 \ud83d\ude00").toString());
    assertEquals("/caf\\xe9", ContainerPath.of(LATIN).toString());
  }

  @Test
  void printsNothingThatEndsALineOrTurnsTextAround() {
    assertEquals("/a\\xe2\\x80\\xa8b", ContainerPath.of("/a\u2028b").toString());
    assertEquals("/a\\xe2\\x80\\xaeb", ContainerPath.of("/a\u202eb").toString());
    assertEquals("/a\\xc2\\x85b", ContainerPath.of("/a\u0085b").toString());
  }

  @Test
  void aDirectoryComesDirectlyBeforeItsContents() {
    List<ContainerPath> sorted = new ArrayList<>();
    for (String text :
        List.of(
            "/",
            "/a",
            "/a/b",
            "/a/b/c",
            "/a/c",
            "/a\u0001",
            "/a b",
            "/a-b",
            "/a.b",
            "/ab",
            "/\u00e9")) {
      sorted.add(ContainerPath.of(text));
    }
    List<ContainerPath> shuffled = new ArrayList<>(sorted);
    Collections.reverse(shuffled);
    Collections.sort(shuffled);
    assertEquals(sorted, shuffled);
  }

  @Test
  void bytesAreComparedUnsigned() {
    assertTrue(ContainerPath.of("/z").compareTo(ContainerPath.of("/\u00e9")) < 0);
  }

  @Test
  void equalPathsHaveEqualBytes() {
    assertEquals(ContainerPath.of("/a/b"), ContainerPath.of("//a/./b/"));
    assertEquals(ContainerPath.of("/a/b").hashCode(), ContainerPath.of("//a/./b/").hashCode());
    assertNotEquals(ContainerPath.of("/a"), ContainerPath.of("/A"));
    assertNotEquals(ContainerPath.of("/a"), "/a");
  }

  private static String refusal(Executable action) {
    return assertThrows(InvalidSpecException.class, action).getMessage();
  }

  @Test
  void resolvesANameAndNothingElse() {
    ContainerPath root = ContainerPath.of("/");
    assertEquals(ContainerPath.of("/a"), root.resolve(new byte[] {'a'}));
    assertEquals(
        ContainerPath.of("/a/..."), root.resolve(new byte[] {'a'}).resolve("...".getBytes(UTF_8)));
    for (String name : new String[] {"", ".", "..", "a/b", "a\0"}) {
      assertThrows(InvalidSpecException.class, () -> root.resolve(name.getBytes(UTF_8)));
    }
  }
}
