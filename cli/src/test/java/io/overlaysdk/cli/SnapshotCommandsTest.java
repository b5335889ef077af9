package io.overlaysdk.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Snapshot;
import java.io.StringReader;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

class SnapshotCommandsTest {
  static final Snapshot FIRST = snapshot("0", null, "base", List.of());
  static final List<Snapshot> ALL =
      List.of(
          FIRST,
          snapshot("1", "0", "main <one>", List.of()),
          snapshot("2", "0", "", List.of(Path.of("/o/fork"))),
          snapshot("3", "1", "bell\u0007", List.of(Path.of("/o/a"), Path.of("/o/b"))),
          snapshot("4", "2", "on the fork", List.of()));

  private final FakeSdk sdk = new FakeSdk();

  private static Snapshot snapshot(
      String digit, String parent, String message, List<Path> overlays) {
    return new Snapshot(
        id(digit),
        Optional.ofNullable(parent).map(SnapshotCommandsTest::id),
        Instant.parse("2026-01-02T03:04:05.678Z"),
        message,
        overlays);
  }

  private static String id(String digit) {
    return digit.repeat(12);
  }

  @Test
  void printsTheIdOfASnapshotAlone() {
    assertEquals("000000000000\n", CommandLineRun.of(sdk, "snapshot", "mine", "-m", "base").out());
    assertEquals(List.of("snapshot mine: base", "close sdk"), sdk.calls);
  }

  @Test
  void forksRollsBackAndDeletes() {
    assertEquals("created other\n", CommandLineRun.of(sdk, "fork", "mine", "other").out());
    CommandLineRun.of(sdk, "fork", "--at", "12", "mine", "third");
    assertEquals(0, CommandLineRun.of(sdk, "rollback", "mine", "12").status());
    CommandLineRun.of(sdk, "rollback", "--discard", "mine", "12");
    CommandLineRun.of(sdk, "rollback", "--discard", "mine");
    CommandLineRun.of(sdk, "flatten", "mine", "--base", "i.sif");
    assertEquals(0, CommandLineRun.of(sdk, "delete", "mine").status());
    assertEquals(2, CommandLineRun.of(sdk, "rollback", "mine").status());
    assertEquals(
        List.of(
            "fork mine to other",
            "fork mine at 12 to third",
            "rollback mine to 12",
            "rollback mine to 12, discard",
            "discard mine",
            "flatten [mine] on i.sif",
            "delete mine"),
        sdk.calls.stream().filter(call -> !call.equals("close sdk")).toList());
  }

  @Test
  void showsATreeInWhichNothingMovesTheCursor() {
    assertEquals(
        """
        * 000000000000 2026-01-02T03:04:05Z base
        | * 222222222222 2026-01-02T03:04:05Z [/o/fork]
        | * 444444444444 2026-01-02T03:04:05Z on the fork
        * 111111111111 2026-01-02T03:04:05Z main <one>
        * 333333333333 2026-01-02T03:04:05Z bell? [/o/a, /o/b]
        """,
        CommandLineRun.of(sdk, "log", "mine").out());
  }

  @Test
  void givesProgramsAllOfIt() {
    String json = CommandLineRun.of(sdk, "log", "--json", "mine").out();
    assertTrue(
        json.contains(
            "{\"id\":\"333333333333\",\"parent\":\"111111111111\","
                + "\"taken\":\"2026-01-02T03:04:05.678Z\",\"message\":\"bell\\u0007\","
                + "\"overlays\":[\"/o/a\",\"/o/b\"]}"),
        json);
  }

  @Test
  void drawsItAsWellFormedSvg() throws Exception {
    String svg = CommandLineRun.of(sdk, "log", "--svg", "mine").out();
    var document =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(new InputSource(new StringReader(svg)));
    assertEquals(5, document.getElementsByTagName("circle").getLength());
    assertEquals(4, document.getElementsByTagName("path").getLength());
    assertTrue(
        document.getElementsByTagName("text").item(3).getTextContent().contains("main <one>"));
  }
}
