package io.overlaysdk.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NearestTest {
  private static final List<String> KNOWN = List.of("image", "overlays", "time-limit", "run");

  @Test
  void findsTheWordThatWasMistyped() {
    assertEquals(Optional.of("image"), Nearest.to("imgae", KNOWN));
    assertEquals(Optional.of("image"), Nearest.to("images", KNOWN));
    assertEquals(Optional.of("overlays"), Nearest.to("overlay", KNOWN));
    assertEquals(Optional.of("time-limit"), Nearest.to("timeLimit", KNOWN));
    assertEquals(Optional.of("run"), Nearest.to("RUN", KNOWN));
  }

  @Test
  void guessesNothingFarOff() {
    assertEquals(Optional.empty(), Nearest.to("command", KNOWN));
    assertEquals(Optional.empty(), Nearest.to("fun-thing", KNOWN));
    assertEquals(Optional.empty(), Nearest.to("", KNOWN));
  }
}
