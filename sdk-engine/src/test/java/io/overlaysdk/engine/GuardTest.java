package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the end of the pipe does is tried by closing it: to the guard that is the JVM's death. */
@Timeout(60)
class GuardTest {
  private final Environment environment = new Environment(System.getenv());
  private final Guard guard =
      Guard.of(
          environment,
          new HostMachine(Map.of(), System.getenv(), words -> Optional.empty()),
          Duration.ofSeconds(1));
  private Process process;

  @AfterEach
  void endAll() {
    guard.close();
    ProcStatus.membersOf(process.pid()).forEach(ProcessHandle::destroyForcibly);
  }

  @Test
  void endsWhatIsListedWithAllThatItStarted() throws Exception {
    List<ProcessHandle> tree =
        start("setsid sleep 1000 & echo $!; (sleep 1000 & echo $!); wait", 2);

    guard.started(process.pid());
    guard.close();

    for (ProcessHandle each : tree) {
      each.onExit().get(20, TimeUnit.SECONDS);
    }
    assertEquals(128 + 15, process.waitFor());
  }

  @Test
  void killsWhatIgnoresTheOtherSignals() throws Exception {
    start("trap '' HUP INT TERM; echo 1; while :; do sleep 1; done", 1);

    guard.started(process.pid());
    guard.close();

    assertEquals(128 + 9, process.waitFor());
  }

  @Test
  void endsTheOrphansOfAProcessThatIsGone() throws Exception {
    List<ProcessHandle> orphan = start("sleep 1000 & echo $!", 1);
    guard.started(process.pid());
    process.waitFor();

    guard.close();

    orphan.get(0).onExit().get(20, TimeUnit.SECONDS);
  }

  @Test
  void leavesAloneWhatHasEndedOrWasNeverListed() throws Exception {
    List<ProcessHandle> survivor = start("sleep 1000 & echo $!; wait", 1);
    Process listed = new ProcessBuilder("setsid", "sleep", "1000").start();
    guard.started(process.pid());
    guard.started(listed.pid());
    guard.ended(process.pid());

    guard.close();

    assertEquals(128 + 15, listed.waitFor());
    assertTrue(process.isAlive() && survivor.get(0).isAlive());
  }

  @Test
  void endsWhatItWasNotToldOf() throws Exception {
    ProcessBuilder builder = new ProcessBuilder("setsid", "sleep", "1000");
    builder.environment().putAll(guard.starting());
    process = builder.start();
    Process other = builder.start();
    guard.started(process.pid());

    guard.close();

    assertEquals(128 + 15, other.waitFor());
  }

  @Test
  void endsTheCommandsOfAContainerOfOthers() throws Exception {
    ProcessBuilder builder = new ProcessBuilder("setsid", "sleep", "1000");
    builder.environment().put(CommandTree.MARK, "word-12-");
    process = builder.start();
    builder.environment().put(CommandTree.MARK, "word-1-");
    Process other = builder.start();
    guard.joined("word-1-");
    guard.joined("word-12-");
    guard.left("word-12-");

    guard.close();

    assertEquals(128 + 15, other.waitFor());
    assertTrue(process.isAlive());
  }

  @Test
  void isNotStartedAnewForWhatHasEnded() throws Exception {
    start("echo 1; exec sleep 1000", 1);
    guard.started(process.pid());
    guard.close();
    process.waitFor();
    List<ProcessHandle> before = ProcessHandle.current().children().toList();

    guard.ended(process.pid());

    List<ProcessHandle> begun = new ArrayList<>(ProcessHandle.current().children().toList());
    begun.removeAll(before);
    assertEquals(List.of(), begun);
  }

  @Test
  void isStartedAnewAfterItWasKilled() throws Exception {
    start("echo 1; exec sleep 1000", 1);
    Process other = new ProcessBuilder("setsid", "sleep", "1000").start();
    guard.started(process.pid());
    ProcessHandle killed =
        ProcessHandle.current()
            .children()
            .filter(child -> child.pid() != process.pid() && child.pid() != other.pid())
            .findFirst()
            .orElseThrow();
    killed.destroyForcibly();
    killed.onExit().get(20, TimeUnit.SECONDS);

    guard.started(other.pid());
    guard.close();

    assertEquals(128 + 15, other.waitFor());
    assertEquals(128 + 15, process.waitFor());
  }

  /** Starts a script in a session of its own and reads the pids that it prints. */
  private List<ProcessHandle> start(String script, int pids) throws IOException {
    process = new ProcessBuilder("setsid", "sh", "-c", script).start();
    BufferedReader out = process.inputReader();
    List<ProcessHandle> handles = new ArrayList<>();
    for (int i = 0; i < pids; i++) {
      ProcessHandle.of(Long.parseLong(out.readLine())).ifPresent(handles::add);
    }
    return handles;
  }
}
