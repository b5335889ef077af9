package io.overlaysdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BindTest {

  @ParameterizedTest
  @CsvSource({
    "/data, /data, /data, READ_WRITE",
    "/data:/in, /data, /in, READ_WRITE",
    "/data:/in:ro, /data, /in, READ_ONLY",
    "/data:/in:rw, /data, /in, READ_WRITE",
    "data:/in/, data, /in, READ_WRITE",
    "'/a b,c:/d e,f', '/a b,c', '/d e,f', READ_WRITE",
  })
  void readsTheNotationOfTheTools(String text, Path source, String target, Access access) {
    assertEquals(new Bind(source, ContainerPath.of(target), access), Bind.parse(text));
  }

  @Test
  void aRelativeSourceAloneAppearsAtItsAbsolutePath() {
    Bind bind = Bind.parse("data");
    assertEquals(Path.of("data"), bind.source());
    assertEquals(Path.of("data").toAbsolutePath().toString(), bind.target().text());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ":/in", "/a:/b:ro:x"})
  void refusesAnotherForm(String text) {
    assertEquals(
        "cannot read the bind \"" + text + "\": expected SOURCE[:TARGET[:ro|:rw]]", refusal(text));
  }

  @Test
  void refusesAnUnknownAccess() {
    assertEquals("cannot read the bind \"/a:/b:RO\": \"RO\" is not ro or rw", refusal("/a:/b:RO"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/a:in", "/a:", "/a:ro", "/a:/b/../c"})
  void refusesATargetThatIsNoContainerPath(String text) {
    assertTrue(refusal(text).startsWith("a container path "), refusal(text));
  }

  @Test
  void refusesToHideTheWholeImage() {
    assertTrue(refusal("/a:/").contains("over the root"), refusal("/a:/"));
    assertTrue(refusal("/").contains("over the root"), refusal("/"));
  }

  @Test
  void refusesAPathWithNulAsAnErrorOfTheSdk() {
    assertTrue(refusal("/a\0:/b").contains("\"/a\\0\""));
  }

  @Test
  void refusesNull() {
    ContainerPath target = ContainerPath.of("/a");
    assertThrows(NullPointerException.class, () -> new Bind(null, target, Access.READ_ONLY));
    assertThrows(NullPointerException.class, () -> new Bind(Path.of("a"), null, Access.READ_ONLY));
    assertThrows(NullPointerException.class, () -> new Bind(Path.of("a"), target, null));
  }

  private static String refusal(String text) {
    return assertThrows(InvalidSpecException.class, () -> Bind.parse(text)).getMessage();
  }
}
