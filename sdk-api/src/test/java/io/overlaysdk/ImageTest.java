package io.overlaysdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageTest {

  @ParameterizedTest
  @ValueSource(strings = {"base.sif", "/images/base.sif", "with space,colon:comma", "./host", "h"})
  void readsAnythingElseAsAPath(String text) {
    Image image = Image.parse(text);
    assertEquals(Optional.of(Path.of(text)), image.path());
    assertEquals(Optional.empty(), image.uri());
    assertFalse(image.isHost());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "docker://debian:12",
        "docker://localhost:5000/a/b@sha256:00",
        "library://user/some_name:latest",
        "docker://under_score:1",
      })
  void readsATextWithASchemeAsAUri(String text) {
    Image image = Image.parse(text);
    assertEquals(Optional.of(URI.create(text)), image.uri());
    assertEquals(Optional.empty(), image.path());
    assertFalse(image.isHost());
    assertEquals(text, image.toString());
  }

  @Test
  void readsTheHost() {
    assertTrue(Image.parse("host").isHost());
    assertEquals(Image.host(), Image.parse("host"));
    assertEquals(Optional.empty(), Image.host().path());
    assertEquals(Optional.empty(), Image.host().uri());
  }

  @Test
  void refusesAnEmptyText() {
    assertEquals(
        "an image is a path, a URI or \"host\"; it cannot be empty",
        refusal(() -> Image.parse("")));
  }

  @Test
  void refusesAMalformedUri() {
    String message = refusal(() -> Image.parse("docker://a b"));
    assertTrue(message.contains("\"docker://a b\""), message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"base.sif", "docker:debian", "//debian"})
  void refusesAUriWithoutSchemeAndPlace(String text) {
    String message = refusal(() -> Image.of(URI.create(text)));
    assertEquals("an image URI starts with a scheme, such as docker://: \"" + text + "\"", message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "docker://me:s3cret@registry.example/tool:1",
        "docker://s3cret@registry.example/tool:1",
        "https://me:s3cret@host/x.sif",
        "https://s3cret@host",
        "https://me:s3 cret@host/x.sif"
      })
  void refusesAUserInAUriAndDoesNotShowIt(String text) {
    String message = refusal(() -> Image.parse(text));
    assertFalse(message.contains("s3"), message);
  }

  @Test
  void takesADigestForNoUser() {
    String text = "docker://debian@sha256:" + "0".repeat(64);
    assertEquals(text, Image.parse(text).toString());
  }

  @Test
  void refusesAFileUriAndNamesThePathInstead() {
    String message = refusal(() -> Image.of(URI.create("file:///images/base.sif")));
    assertEquals(
        "an image on this machine is given by its path, not file:///images/base.sif", message);
  }

  @Test
  void refusesAPathWithNulAsAnErrorOfTheSdk() {
    assertTrue(refusal(() -> Image.parse("a\0b")).contains("\"a\\0b\""));
  }

  @Test
  void printsWhatParseReads() {
    for (Image image :
        new Image[] {
          Image.host(),
          Image.at(Path.of("a")),
          Image.at(Path.of("/b/c")),
          Image.of(URI.create("docker://debian:12")),
        }) {
      assertEquals(image, Image.parse(image.toString()));
    }
    assertEquals("./host", Image.at(Path.of("host")).toString());
    assertEquals("./", Image.at(Path.of("")).toString());
  }

  @Test
  void aFileNamedHostIsNotTheHost() {
    assertNotEquals(Image.host(), Image.at(Path.of("host")));
  }

  @Test
  void isEqualWhereItNamesTheSame() {
    assertEquals(Image.at(Path.of("a")), Image.at(Path.of("a")));
    assertEquals(Image.at(Path.of("a")).hashCode(), Image.at(Path.of("a")).hashCode());
    assertNotEquals(Image.at(Path.of("a")), Image.at(Path.of("b")));
  }

  private static String refusal(Executable action) {
    return assertThrows(InvalidSpecException.class, action).getMessage();
  }
}
