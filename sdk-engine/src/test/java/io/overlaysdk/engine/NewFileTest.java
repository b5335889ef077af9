package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.InvalidSpecException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NewFileTest {
  @TempDir private Path directory;

  @Test
  void neverTakesThePlaceOfWhatHasComeMeanwhile() throws IOException {
    NewFile file = NewFile.at(directory.resolve("image"));
    Files.writeString(file.partial(), "mine");
    Files.writeString(file.target(), "theirs");
    assertThrows(InvalidSpecException.class, file::appear);
    assertEquals("theirs", Files.readString(file.target()));
    Files.delete(file.target());
    file.appear();
    assertEquals("mine", Files.readString(file.target()));
  }

  @Test
  void namesWhatBelongsToItAlike() {
    NewFile file = NewFile.of(directory.resolve("image"));
    Path note = file.partialOf(directory.resolve("image.overlay.json"));
    String id = file.partial().getFileName().toString().substring(".image".length());
    assertEquals(directory.resolve(".image.overlay.json" + id), note);
    assertTrue(NewFile.isPartial(note));
    assertFalse(NewFile.isPartial(file.target()));
  }
}
