package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LinkMemoryTest {
  @TempDir private Path temp;

  private Path image;
  private Path directory;
  private int found;

  @BeforeEach
  void makeImage() throws IOException {
    image = Files.writeString(temp.resolve("image"), "content");
    directory = temp.resolve("links");
  }

  @Test
  void remembersAnImageForThisProcessAndForLaterOnes() throws IOException {
    LinkMemory memory = new LinkMemory(directory);

    assertEquals(List.of("a/b", "c"), recall(memory, layer(image)));
    assertEquals(List.of("a/b", "c"), recall(memory, layer(image)));
    assertEquals(List.of("a/b", "c"), recall(new LinkMemory(directory), layer(image)));

    assertEquals(1, found);
    assertEquals(
        PosixFilePermissions.fromString("rwx------"), Files.getPosixFilePermissions(directory));
  }

  @Test
  void findsOutAnewWhatHasChanged() throws IOException {
    recall(new LinkMemory(directory), layer(image));
    Files.writeString(image, "other");

    recall(new LinkMemory(directory), layer(image));

    assertEquals(2, found);
  }

  @Test
  void tellsFileSystemsInOneImageApart() {
    LinkMemory memory = new LinkMemory(directory);
    recall(memory, layer(image));

    recall(memory, new LayerSource(image, LayerSource.Format.SQUASHFS, 4096, true, false));

    assertEquals(2, found);
  }

  @Test
  void looksIntoADirectoryEachTime() {
    LinkMemory memory = new LinkMemory(directory);
    LayerSource layer = new LayerSource(temp, LayerSource.Format.DIRECTORY, 0, true, false);

    recall(memory, layer);
    recall(memory, layer);

    assertEquals(2, found);
  }

  @Test
  void trustsNothingThatLeadsOutOfTheLayer() throws IOException {
    recall(new LinkMemory(directory), layer(image));
    Path file = onlyFile();
    byte[] bytes = Files.readAllBytes(file);
    String text = new String(bytes, UTF_8);
    assertTrue(text.contains("a/b"), text);
    Files.write(file, text.replace("a/b", "../").getBytes(UTF_8));

    assertEquals(List.of("a/b", "c"), recall(new LinkMemory(directory), layer(image)));
    assertEquals(2, found);
  }

  @Test
  void readsNoFileThatIsCutOff() throws IOException {
    recall(new LinkMemory(directory), layer(image));
    Path file = onlyFile();
    byte[] bytes = Files.readAllBytes(file);
    for (int length = 0; length < bytes.length; length++) {
      Files.write(file, Arrays.copyOf(bytes, length));
      assertEquals(List.of("a/b", "c"), recall(new LinkMemory(directory), layer(image)));
    }
    assertEquals(1 + bytes.length, found);
  }

  @Test
  void goesOnWhereNothingCanBeRemembered() {
    LinkMemory memory = new LinkMemory(image.resolve("below-a-file"));

    assertEquals(List.of("a/b", "c"), recall(memory, layer(image)));
  }

  private Path onlyFile() throws IOException {
    try (var files = Files.list(directory)) {
      return files.findFirst().orElseThrow();
    }
  }

  private static LayerSource layer(Path file) {
    return new LayerSource(file, LayerSource.Format.SQUASHFS, 0, true, false);
  }

  private List<String> recall(LinkMemory memory, LayerSource layer) {
    return memory
        .recall(
            layer,
            () -> {
              found++;
              return List.of(Records.field("a/b"), Records.field("c"));
            })
        .stream()
        .map(Records::text)
        .toList();
  }
}
