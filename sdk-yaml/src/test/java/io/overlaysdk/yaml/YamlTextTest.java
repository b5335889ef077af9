package io.overlaysdk.yaml;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class YamlTextTest {
  @TempDir Path directory;

  @Test
  void refusesAFileOf100Megabytes() throws IOException {
    Path file = directory.resolve("file.yaml");
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.setLength(100_000_000);
    }
    new Written(file).configurationFailsAt(0, 0, "", "too large: 100000000 bytes");
  }

  @Test
  void takesTheLargestFileThereMayBeAndNoneAByteLarger() throws IOException {
    String line = "backends: [apptainer]\n";
    String largest = line + "#".repeat(YamlText.LARGEST - line.length());
    assertEquals(List.of("apptainer"), Written.to(directory, largest).configuration().backends());
    Written.to(directory, largest + "#").configurationFailsAt(0, 0, "", "too large: 1048577 bytes");
  }

  @Test
  void saysThatAFileIsMissing() {
    Written missing = new Written(directory.resolve("none.yaml"));
    missing.configurationFailsAt(0, 0, "", "there is no such file");
    missing.workflowFailsAt(0, 0, "", "there is no such file");
  }

  @Test
  void refusesADirectory() {
    new Written(directory).configurationFailsAt(0, 0, "", "not a file");
  }

  @Test
  void refusesBytesThatAreNotUtf8WhereTheyStand() throws IOException {
    byte[] latin = "# fine\nscratch: /é\n".getBytes(ISO_8859_1);
    Written.to(directory, latin)
        .configurationFailsAt(2, 11, "", "not UTF-8: the byte 0xe9 at offset 17");
  }

  @Test
  void refusesATextThatEndsWithinACharacter() throws IOException {
    byte[] cut = {'#', ' ', (byte) 0xe2, (byte) 0x82};
    Written.to(directory, cut).configurationFailsAt(1, 3, "", "not UTF-8: the byte 0xe2");
  }

  @Test
  void refusesUtf16() throws IOException {
    Written.to(directory, "grace: 5s".getBytes(UTF_16))
        .configurationFailsAt(1, 1, "", "not UTF-8: the byte 0xfe at offset 0");
  }

  @Test
  void refusesControlCharactersWhereTheyStand() throws IOException {
    Written.to(directory, "a: é\r\nbb: \0")
        .configurationFailsAt(2, 5, "", "the character U+0000 cannot stand in YAML");
    Written.to(directory, "\u001b[1m").configurationFailsAt(1, 1, "", "U+001B");
  }

  @Test
  void refusesAProgram() throws IOException {
    byte[] elf = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0};
    Written.to(directory, elf).configurationFailsAt(1, 1, "", "U+007F");
  }

  @Test
  void readsPastAByteOrderMark() throws IOException {
    byte[] marked = "\uFEFFbackends: [é]".getBytes(UTF_8);
    assertEquals(List.of("é"), Written.to(directory, marked).configuration().backends());
    Written.to(directory, "\uFEFFback: 1").configurationFailsAt(1, 1, "back", "unknown key");
  }

  @Test
  void readsLineEndsOfEverySystem() throws IOException {
    Written.to(directory, "grace: 1s\r\nstate: /x\r\nother: 1\r\n")
        .configurationFailsAt(3, 1, "other", "unknown key");
  }
}
