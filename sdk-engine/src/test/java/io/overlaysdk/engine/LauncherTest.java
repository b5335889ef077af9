package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.spi.Invocation;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LauncherTest {
  @Test
  void leavesNothingOfAProgramThatFailed() {
    Launcher launcher =
        new Launcher(
            new Environment(System.getenv()),
            Guard.none(),
            Optional.of(Path.of("/usr/bin/setsid")),
            Duration.ofSeconds(1),
            1 << 20);
    String script = "(exec >/dev/null 2>&1; exec sleep 1000) & echo $!; exit 3";
    Launcher.Outcome outcome =
        launcher.run(
            Invocation.of(List.of("/bin/sh", "-c", script)),
            Launcher.Terms.within(Duration.ofSeconds(30)));
    assertEquals(3, outcome.status());
    long left = Long.parseLong(outcome.outputText().strip());
    assertTrue(ProcStatus.of(left).zombie(), () -> "it runs: " + left);
  }
}
