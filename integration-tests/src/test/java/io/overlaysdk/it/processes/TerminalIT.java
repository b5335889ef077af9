package io.overlaysdk.it.processes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.it.OnEachBackend;
import io.overlaysdk.it.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code overlay shell} on a real terminal: tmux is the one who types, looks and resizes. */
@Timeout(60)
class TerminalIT {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private Site site;

  @BeforeEach
  void makeSite(@TempDir Path directory) throws IOException {
    Tools.require("tmux");
    site = Site.in(directory);
    Files.writeString(
        directory.resolve("config.yaml"),
        "scratch: \"" + site.scratch() + "\"\nstate: \"" + site.state() + "\"\n");
  }

  @AfterEach
  void endTheTerminal() throws Exception {
    if (site != null) {
      run("tmux", "-S", socket(), "kill-server");
    }
  }

  private String socket() {
    return site.directory().resolve("tmux").toString();
  }

  @OnEachBackend
  void theShellHasTheTerminalOfTheCaller(String backend) throws Exception {
    open("shell", "-b", backend, "--ephemeral", "base.sif");

    type("busybox stty size");
    awaitShown("30 100");
    tmux("resize-window", "-x", "120", "-y", "40");
    type("clear; busybox stty size");
    awaitShown("40 120");

    type("clear; echo begun$((1 + 1)); sleep 1000");
    awaitShown("begun2");
    tmux("send-keys", "C-c");
    type("echo alive$((1 + 1))");
    awaitShown("alive2");
    site.assertNoneLeftWith("sleep 1000");

    type("clear; exit 7");
    Path status = site.directory().resolve("status");
    Until.nothing(PATIENCE, () -> Files.exists(status) ? List.of() : shown());
    // the terminal ends with its only program
    Until.nothing(PATIENCE, () -> Traces.of(site.directory()));
    assertEquals("7\n", Files.readString(status));
    site.assertNothingLeft();
  }

  /** Opens a terminal in which {@code overlay} runs, and which writes down how that ended. */
  private void open(String... words) throws Exception {
    List<String> overlay = ChildJvm.of(site.directory(), "io.overlaysdk.cli.Main", words).command();
    List<String> all =
        new ArrayList<>(List.of("tmux", "-S", socket(), "-f", "/dev/null", "new-session", "-d"));
    all.addAll(List.of("-x", "100", "-y", "30", "-c", site.directory().toString()));
    all.addAll(List.of("-e", "OVERLAYSDK_CONFIG=" + site.directory().resolve("config.yaml")));
    all.addAll(List.of("sh", "-c", "\"$@\"; echo $? >status", "sh"));
    all.addAll(overlay);
    assertEquals("", run(all.toArray(String[]::new)));
  }

  private void type(String line) throws Exception {
    tmux("send-keys", "-l", line);
    tmux("send-keys", "Enter");
  }

  private void tmux(String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of("tmux", "-S", socket()));
    all.addAll(List.of(words));
    assertEquals("", run(all.toArray(String[]::new)));
  }

  /** Waits until a line of the terminal is this. */
  private void awaitShown(String line) {
    Until.nothing(
        PATIENCE,
        () -> {
          List<String> shown = shown();
          return shown.stream().anyMatch(text -> text.strip().equals(line)) ? List.of() : shown;
        });
  }

  private List<String> shown() {
    try {
      return run("tmux", "-S", socket(), "capture-pane", "-p").lines().toList();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static String run(String... words) throws Exception {
    Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    process.waitFor();
    return said;
  }
}
