package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Identity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestFileTest {
  private static final Instant CREATED = Instant.parse("2026-11-23T08:00:00Z");

  private static final Manifest WHOLE =
      Manifest.of(CREATED, Set.of(Dialect.KERNEL_PLAIN))
          .written(
              Optional.of(new BaseIdentity("/images/b\u00e4se \"1\".sif", "file 12 ab")),
              new Manifest.Writer(
                  "apptainer",
                  "fuse-overlayfs",
                  Map.of("apptainer", "1.4.5", "fuse-overlayfs", "1.14"),
                  1000,
                  100,
                  true,
                  Optional.of(new Identity.IdRanges(100000, 65536, 200000, 65535))),
              Dialect.FUSE);

  @TempDir private Path overlay;

  private ManifestFile file() {
    return ManifestFile.ofDirectory(overlay);
  }

  private Path path() {
    return overlay.resolve("overlay.json");
  }

  @Test
  void readsWhatItWrote() {
    file().write(WHOLE);
    assertEquals(Optional.of(WHOLE), file().read());
    Manifest empty = Manifest.of(CREATED, Set.of());
    file().write(empty);
    assertEquals(Optional.of(empty), file().read());
  }

  @Test
  void writesJsonThatPeopleCanRead() throws IOException {
    file().write(WHOLE);
    assertEquals(
        List.of(
            "{",
            "  \"format\" : 1,",
            "  \"created\" : \"2026-11-23T08:00:00Z\",",
            "  \"base\" : {",
            "    \"location\" : \"/images/b\u00e4se \\\"1\\\".sif\",",
            "    \"identity\" : \"file 12 ab\"",
            "  },",
            "  \"dialects\" : [ \"KERNEL_PLAIN\", \"FUSE\" ],",
            "  \"writer\" : {",
            "    \"backend\" : \"apptainer\",",
            "    \"driver\" : \"fuse-overlayfs\",",
            "    \"tools\" : {",
            "      \"apptainer\" : \"1.4.5\",",
            "      \"fuse-overlayfs\" : \"1.14\"",
            "    },",
            "    \"uid\" : 1000,",
            "    \"gid\" : 100,",
            "    \"fakeroot\" : true,",
            "    \"firstUid\" : 100000,",
            "    \"uids\" : 65536,",
            "    \"firstGid\" : 200000,",
            "    \"gids\" : 65535",
            "  },",
            "  \"hardLinks\" : \"BROKEN\"",
            "}"),
        Files.readAllLines(path()));
  }

  @Test
  void isNotThatOfASquashfsThatCameInItsPlace() throws IOException {
    Path image = Files.write(overlay.resolve("a.sqfs"), SifBytes.squashfs());
    ManifestFile.ofImage(image).write(WHOLE);
    Manifest read = ManifestFile.ofImage(image).read().orElseThrow();
    assertEquals(WHOLE, read.on(Optional.empty()));
    byte[] other = SifBytes.squashfs();
    other[4]++;
    Files.write(image, other);
    assertEquals(Optional.empty(), ManifestFile.ofImage(image).read());
  }

  @Test
  void isNotThereWhereThereIsNone() {
    assertEquals(Optional.empty(), file().read());
  }

  @Test
  void leavesNothingElseBehind() throws IOException {
    file().write(WHOLE);
    file().write(WHOLE);
    try (Stream<Path> files = Files.list(overlay)) {
      assertEquals(List.of(path()), files.toList());
    }
  }

  @Test
  void followsNoLink() throws IOException {
    Path elsewhere = Files.writeString(overlay.resolve("elsewhere"), "{}");
    Files.createSymbolicLink(path(), elsewhere);
    assertThrows(CorruptOverlayException.class, () -> file().read());
    file().write(WHOLE);
    assertEquals("{}", Files.readString(elsewhere));
    assertEquals(Optional.of(WHOLE), file().read());
  }

  @Test
  void refusesOneOfANewerSdk() throws IOException {
    Files.writeString(path(), "{\"format\": 2, \"created\": \"2026-11-23T08:00:00Z\"}");
    assertThrows(UnsupportedException.class, () -> file().read());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{",
        "null",
        "{}",
        "{\"format\": 0}",
        "{\"format\": -1}",
        "{\"format\": 1.5}",
        "{\"format\": 99999999999}",
        "{\"format\": \"1\"}",
        "{\"format\": 1}",
        "{\"format\": 1, \"format\": 1, \"created\": \"2026-11-23T08:00:00Z\"}",
        "{\"format\": 1, \"created\": \"yesterday\"}",
        "{\"format\": 1, \"created\": \"2026-11-23T08:00:00Z\"} {}",
        "{\"format\": 1, \"created\": \"2026-11-23T08:00:00Z\", \"other\": 1}",
        "{\"format\": 1, \"created\": \"2026-11-23T08:00:00Z\", \"dialects\": \"FUSE\"}",
        "{\"format\": 1, \"created\": \"2026-11-23T08:00:00Z\", \"dialects\": [\"fuse\"]}",
        "{\"format\": 1, \"created\": \"2026-11-23T08:00:00Z\", \"dialects\": [[[[[[[[[[]]]]]]]]]]}",
        "{\"format\": 1, \"created\": \"2026-11-23T08:00:00Z\", \"base\": {\"location\": \"/b\"}}",
        "{\"format\": 1, \"created\": \"2026-11-23T08:00:00Z\", \"base\": null}",
        "{\"format\": 1, \"created\": \"2026-11-23T08:00:00Z\", \"writer\": {}}",
        "{\"format\": 1, \"created\": \"2026-11-23T08:00:00Z\", \"writer\":"
            + " {\"backend\": \"a\", \"driver\": \"b\", \"uid\": -1, \"gid\": 1}}",
      })
  void refusesWhatIsNone(String text) throws IOException {
    Files.writeString(path(), text);
    OverlayException refused = assertThrows(CorruptOverlayException.class, () -> file().read());
    assertTrue(refused.getMessage().contains(path().toString()), refused::getMessage);
    assertEquals(text, Files.readString(path()), "it is not touched");
  }

  @Test
  void refusesOneThatIsTooLong() throws IOException {
    Files.writeString(path(), " ".repeat(70_000));
    assertThrows(CorruptOverlayException.class, () -> file().read());
  }

  @Test
  void throwsNothingElseWhateverABitBecomes() throws IOException {
    file().write(WHOLE);
    byte[] bytes = Files.readAllBytes(path());
    long seed = Long.getLong("overlaysdk.seed", 20261123);
    Random random = new Random(seed);
    for (int i = 0; i < 2000; i++) {
      byte[] changed = bytes.clone();
      for (int j = random.nextInt(3); j >= 0; j--) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
      }
      Files.write(path(), changed);
      try {
        file().read();
      } catch (CorruptOverlayException | UnsupportedException e) {
        assertTrue(e.getMessage().contains(path().toString()), () -> "seed " + seed);
      }
    }
  }

  @Test
  void keepsTheFirstBaseAndAddsWhatIsWrittenSince() {
    Manifest.Writer root =
        new Manifest.Writer(
            "overlayfs", "overlayfs of the kernel", Map.of(), 0, 0, false, Optional.empty());
    Manifest later =
        WHOLE.written(
            Optional.of(new BaseIdentity("/other", "file 1 cd")), root, Dialect.KERNEL_TRUSTED);
    assertEquals(WHOLE.base(), later.base());
    assertEquals(
        Set.of(Dialect.KERNEL_PLAIN, Dialect.FUSE, Dialect.KERNEL_TRUSTED), later.dialects());
    assertEquals(Optional.of(Manifest.HardLinks.BROKEN), later.hardLinks());
    assertEquals(Optional.of(root), later.writer());
    assertEquals(Set.of(), later.in(Set.of()).dialects());
  }
}
