package io.overlaysdk;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ResultTest {
  private static final Command COMMAND = Command.of("cat", "x");

  @Test
  void hasWhatCameOfTheCommand() {
    Result result =
        new Result(
            COMMAND,
            Termination.EXITED,
            3,
            "\u00e9\n".getBytes(UTF_8),
            "oh".getBytes(UTF_8),
            true,
            Duration.ofSeconds(2));
    assertSame(COMMAND, result.command());
    assertEquals(Termination.EXITED, result.termination());
    assertEquals(3, result.exitStatus());
    assertEquals("\u00e9\n", result.stdout());
    assertEquals("oh", result.stderr());
    assertTrue(result.truncated());
    assertEquals(Duration.ofSeconds(2), result.took());
    assertEquals("[cat, x] EXITED with 3", result.toString());
  }

  @Test
  void succeededOnlyWithStatusZeroAndInTime() {
    assertTrue(result(Termination.EXITED, 0).succeeded());
    assertFalse(result(Termination.EXITED, 1).succeeded());
    assertFalse(result(Termination.TIMED_OUT, 0).succeeded());
    assertFalse(result(Termination.UNCERTAIN, 255).succeeded());
  }

  @Test
  void orThrowGivesTheResultOrThrowsIt() {
    Result good = result(Termination.EXITED, 0);
    assertSame(good, good.orThrow());
    Result bad = result(Termination.EXITED, 1);
    assertSame(bad, assertThrows(CommandFailedException.class, bad::orThrow).result());
  }

  @Test
  void neitherTakesNorGivesAnArrayThatCanBeChangedLater() {
    byte[] out = {'a'};
    byte[] err = {'b'};
    Result result = new Result(COMMAND, Termination.EXITED, 0, out, err, false, Duration.ZERO);
    out[0] = 'x';
    err[0] = 'x';
    result.stdoutBytes()[0] = 'y';
    result.stderrBytes()[0] = 'y';
    assertArrayEquals(new byte[] {'a'}, result.stdoutBytes());
    assertArrayEquals(new byte[] {'b'}, result.stderrBytes());
  }

  private static Result result(Termination termination, int status) {
    return new Result(COMMAND, termination, status, new byte[0], new byte[0], false, Duration.ZERO);
  }
}
