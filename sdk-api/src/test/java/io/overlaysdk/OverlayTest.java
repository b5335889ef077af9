package io.overlaysdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OverlayTest {

  @ParameterizedTest
  @CsvSource({
    "my_overlay, my_overlay, READ_WRITE",
    "/x/o.img, /x/o.img, READ_WRITE",
    "/x/o.img:ro, /x/o.img, READ_ONLY",
    "/x/o.img:rw, /x/o.img, READ_WRITE",
    "ro, ro, READ_WRITE",
    "'with space, and comma:ro', 'with space, and comma', READ_ONLY",
  })
  void readsTheNotationOfTheTools(String text, Path path, Access access) {
    Overlay overlay = Overlay.parse(text);
    assertEquals(Optional.of(path), overlay.path());
    assertEquals(access, overlay.access());
  }

  @ParameterizedTest
  @CsvSource({
    "/x/upper:/x/work, /x, READ_WRITE",
    "/x/upper:/x/work:rw, /x, READ_WRITE",
    "/x/upper:/x/work:ro, /x, READ_ONLY",
    "/x/upper/:/x/./work/, /x, READ_WRITE",
    "/upper:/work, /, READ_WRITE",
    "o/upper:o/work, o, READ_WRITE",
    "upper:work, ., READ_WRITE",
  })
  void upperAndWorkSideBySideMeanTheirParent(String text, Path parent, Access access) {
    Overlay overlay = Overlay.parse(text);
    assertEquals(Optional.of(parent), overlay.path());
    assertEquals(access, overlay.access());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/x/upper:/y/work",
        "/x/upper:work",
        "/x/up:/x/work",
        "/x/upper:/x/w",
        "/x/work:/x/upper",
        "/x:/x",
        "/x:",
        "/x:RO",
      })
  void refusesTwoPathsThatAreNotUpperAndWorkSideBySide(String text) {
    String message = refusal(text);
    assertTrue(message.contains("\"" + text + "\""), message);
    assertTrue(message.contains("holds both \"upper\" and \"work\""), message);
    assertTrue(message.contains("PATH:ro"), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ":ro", ":", ":/x/work"})
  void refusesAnOverlayWithoutPath(String text) {
    assertEquals("an overlay needs a path: \"" + text + "\"", refusal(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/l:/x/upper:/x/work", "/x/upper:/x/work:ro:rw", "a:b:c:d"})
  void refusesMoreThanTwoPaths(String text) {
    assertEquals(
        "cannot read the overlay \"" + text + "\": expected PATH, PATH:ro or UPPER:WORK[:rw]",
        refusal(text));
  }

  @Test
  void refusesAPathWithNulAsAnErrorOfTheSdk() {
    assertTrue(refusal("/x\0y").contains("\"/x\\0y\""));
    assertTrue(refusal("/x/upper:/x\0y/work").contains("a work directory"));
  }

  @Test
  void anOverlayAtAPathIsWritableUntilItIsMadeReadOnly() {
    Overlay writable = Overlay.at(Path.of("o"));
    assertEquals(Access.READ_WRITE, writable.access());
    assertEquals(Access.READ_ONLY, writable.readOnly().access());
    assertEquals(Access.READ_WRITE, writable.access());
    assertEquals(OptionalLong.empty(), writable.size());
    assertFalse(writable.isEphemeral());
  }

  @Test
  void anEphemeralOverlayHasNoPathAndMayHaveASize() {
    assertTrue(Overlay.ephemeral().isEphemeral());
    assertEquals(Optional.empty(), Overlay.ephemeral().path());
    assertEquals(OptionalLong.empty(), Overlay.ephemeral().size());
    assertEquals(OptionalLong.of(1 << 20), Overlay.ephemeral(1 << 20).size());
    assertEquals(OptionalLong.of(1L << 40), Overlay.ephemeral(1L << 40).size());
  }

  @ParameterizedTest
  @ValueSource(longs = {(1 << 20) - 1, 0, -1, Long.MIN_VALUE})
  void refusesAnEphemeralOverlayThatHoldsNothing(long bytes) {
    String message =
        assertThrows(InvalidSpecException.class, () -> Overlay.ephemeral(bytes)).getMessage();
    assertEquals("an ephemeral overlay needs at least 1 MiB, not " + bytes + " bytes", message);
  }

  @Test
  void refusesAReadOnlyEphemeralOverlay() {
    Overlay ephemeral = Overlay.ephemeral();
    assertThrows(InvalidSpecException.class, ephemeral::readOnly);
  }

  @Test
  void isEqualWherePathSizeAndAccessAre() {
    assertEquals(Overlay.at(Path.of("o")), Overlay.parse("o:rw"));
    assertEquals(Overlay.at(Path.of("o")).hashCode(), Overlay.parse("o:rw").hashCode());
    assertEquals(Overlay.ephemeral(), Overlay.ephemeral());
    assertNotEquals(Overlay.at(Path.of("o")), Overlay.at(Path.of("o")).readOnly());
    assertNotEquals(Overlay.ephemeral(), Overlay.ephemeral(1 << 20));
    assertNotEquals(Overlay.at(Path.of("o")), Overlay.at(Path.of("p")));
  }

  @Test
  void printsWhatItIs() {
    assertEquals("o", Overlay.at(Path.of("o")).toString());
    assertEquals("o:ro", Overlay.parse("o:ro").toString());
    assertEquals("ephemeral", Overlay.ephemeral().toString());
    assertEquals("ephemeral of 1048576 bytes", Overlay.ephemeral(1 << 20).toString());
  }

  @Test
  void refusesNull() {
    assertThrows(NullPointerException.class, () -> Overlay.at(null));
    assertThrows(NullPointerException.class, () -> Overlay.parse(null));
  }

  private static String refusal(String text) {
    return assertThrows(InvalidSpecException.class, () -> Overlay.parse(text)).getMessage();
  }
}
