package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.LayerReport;
import io.overlaysdk.OverlayException;
import io.overlaysdk.Recovered;
import io.overlaysdk.testkit.FakeHost;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a fuzzer found: files of state that were cut off, or written by something else. */
class DamagedRecordsTest {
  private static final String HEAD = "boot an earlier start of this machine\n";

  @TempDir private Path directory;
  private Recovery recovery;

  @BeforeEach
  void makeRecovery() {
    recovery =
        new Recovery(
            new Journal(directory),
            new Removal(FakeHost.linux(), null),
            LinesTest.lines(new Journal(directory)),
            Duration.ofSeconds(1));
  }

  private Journal.Entry entry(String name, String lines) throws IOException {
    Files.writeString(directory.resolve(name), "host " + Journal.hostName() + "\n" + lines);
    return new Journal(directory).entry(name).orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(strings = {"owner 12", "owner ", "owner 12 x", "owner 99999999999999999999 1"})
  void anOwnerThatCannotBeReadMayLive(String line) throws IOException {
    String boot = "boot " + Journal.bootId() + "\n";
    assertFalse(Recovery.isAbandoned(entry("a.session", boot + line + "\n")));
  }

  @Test
  void whatCanBeReadIsEndedInSpiteOfWhatCannot() throws IOException {
    Path left = Files.createDirectory(directory.resolve("overlay-sdk-left"));
    entry("a.session", HEAD + "process 12\nscratch /a\0b\nscratch b\nscratch " + left + "\n");
    entry("b.session", HEAD + "owner\n");
    List<Recovered> done = recovery.run();
    assertTrue(done.stream().anyMatch(one -> one.what().equals(left.toString())), done.toString());
    assertEquals(List.of(), new Journal(directory).entries());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"overlay /a\0b", "lower /a\0b", "limit soon", "variable NAME", "image a://\\\\"})
  void aSessionWithADamagedRecordIsNotJoined(String line) throws IOException {
    Journal.Entry entry =
        entry(
            "a.session",
            "backend b\nstart /\npipe c0\nscratch /a\nowner 1 1\n"
                + (line.startsWith("image") ? "" : "image /i\n")
                + line
                + "\n");
    assertThrows(OverlayException.class, () -> Stays.read(entry));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "a\\u0000b", "..", ""})
  void aStoreThatIsNoneIsRefused(String store) throws IOException {
    Files.writeString(
        directory.resolve("line.json"),
        "{\"format\":\"1\",\"id\":\"fc3cc12fdbb8\",\"store\":\"" + store + "\"}");
    assertThrows(CorruptOverlayException.class, () -> LineFile.ofOverlay(directory));
  }

  @Test
  void anOverlayThatIsNoPathIsRefused() throws IOException {
    Path lines = Files.createDirectory(directory.resolve("lines"));
    Files.writeString(
        lines.resolve("fc3cc12fdbb8"),
        "{\"format\":\"1\",\"overlay\":\"a\\u0000b\",\"tips\":\"\"}");
    assertThrows(CorruptOverlayException.class, () -> new LayerStore(directory).known());
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\0\0\0gbelow\" : \"f3bf\"", "{\"a\": [[", "[", ""})
  void labelsThatAreNoneAreLeftOut(String text) {
    Packed packed =
        new Packed(
            new LayerReport(0, 0, 0, 0, List.of(), List.of()),
            "",
            false,
            Map.of(Packing.LABELS, text.getBytes(UTF_8)));
    assertEquals(Map.of(), OciImage.labels(packed));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/a\\9", "/a\\08x", "a"})
  void aMountTableThatIsNoneIsAnError(String at) {
    String line = "22 27 0:21 / " + at + "bcd rw - proc proc rw\n";
    assertThrows(OverlayException.class, () -> MountTable.parse(line.getBytes(UTF_8)));
  }
}
