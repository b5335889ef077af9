package io.overlaysdk.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Progress;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ProgressLineTest {
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

  private ProgressLine line(boolean terminal) {
    return new ProgressLine(new PrintStream(shown, true, UTF_8), terminal);
  }

  private static Progress progress(long bytes, boolean done) {
    return new Progress("export to x.tar", bytes, OptionalLong.of(100_000_000), done);
  }

  @Test
  void showsNothingOfWorkThatTakesNoTime() {
    ProgressLine line = line(true);
    line.progress(progress(0, false));
    line.progress(progress(5, true));
    assertEquals("", shown.toString(UTF_8));
  }

  @Test
  void drawsOneLineAnewOnATerminalAndTakesItAway() {
    ProgressLine line = line(true);
    line.progress(progress(0, false));
    line.progress(progress(25_000_000, false));
    line.progress(progress(50_000_000, false));
    line.progress(progress(100_000_000, true));
    String[] drawn = shown.toString(UTF_8).split("\r\u001b\\[K", -1);
    assertEquals("export to x.tar  25.0 MB [######                  ] 100.0 MB", drawn[1]);
    assertTrue(drawn[2].contains("[############            ]"), drawn[2]);
    assertEquals("", drawn[3]);
  }

  @Test
  void writesTwoPlainLinesElsewhere() {
    ProgressLine line = line(false);
    for (int i = 0; i < 5; i++) {
      line.progress(progress(i, false));
    }
    line.progress(progress(9, true));
    assertEquals(
        "overlay: export to x.tar goes on\noverlay: export to x.tar has ended\n",
        shown.toString(UTF_8));
  }
}
