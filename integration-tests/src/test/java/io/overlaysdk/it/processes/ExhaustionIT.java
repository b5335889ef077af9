package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.CancelledException;
import io.overlaysdk.CheckReport.State;
import io.overlaysdk.Command;
import io.overlaysdk.CommandFailedException;
import io.overlaysdk.CommitMode;
import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.Image;
import io.overlaysdk.ImageSize;
import io.overlaysdk.Lack;
import io.overlaysdk.LayerReport;
import io.overlaysdk.NoBackendException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlayException;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Result;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.it.OnEachExt3Backend;
import io.overlaysdk.it.Tools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a machine can run out of: a typed error in bounded time, nothing lost, nothing left. */
@Tag("soak")
class ExhaustionIT {
  private Site site;

  @BeforeEach
  void makeSite(@TempDir Path directory) {
    site = Site.in(directory);
  }

  @Test
  void opensNothingThatItCannotRemember() throws Exception {
    Cramped.run(site, "state", "mode=700,size=128k,nr_inodes=20", site.state(), ":");
  }

  @Test
  void undoesWhatItsScratchDirectoryDoesNotTake() throws Exception {
    Cramped.run(site, "scratch", "size=32m,nr_inodes=200", site.scratch(), ":");
  }

  @Test
  void makesNothingByHalfOnAFullFileSystem() throws Exception {
    Cramped.run(site, "operations", "size=24m", small(), ":");
  }

  @Test
  void makesNothingByHalfWithoutInodes() throws Exception {
    Cramped.run(site, "inodes", "size=24m,nr_inodes=60", small(), ":");
  }

  /**
   * Where it cannot start a process the JDK (17) closes a file of others by mistake. Where that is
   * one of the class path, nothing can be said, and it is tried again.
   */
  @Test
  void givesUpWithoutDescriptorsAndGoesOn() throws Exception {
    String mistake = "Caused by: java.io.IOException: Bad file descriptor";
    for (int left = 4; left >= 0; left--) {
      Site here = Site.in(Files.createDirectory(site.directory().resolve("try-" + left)));
      try {
        Path small = here.directory().resolve("small");
        Cramped.run(here, "descriptors", "size=1m", small, "ulimit -n 120");
        return;
      } catch (AssertionError e) {
        if (left == 0 || !String.valueOf(e.getMessage()).contains(mistake)) {
          throw e;
        }
      }
    }
  }

  @Test
  void makesNothingByHalfWhereTheQuotaIsReached() throws Exception {
    Tools.assume(System.getProperty("user.name").equals("root"), "only root can mount a disk here");
    Tools.require("mkfs.btrfs");
    Cramped.runWithQuota(site, "quota", small());
  }

  /** Threads count as processes. */
  @Test
  @EnabledIfSystemProperty(named = "overlaysdk.soak", matches = "true")
  void givesUpWithoutProcessesAndGoesOn() throws Exception {
    Path group = Path.of("/sys/fs/cgroup/pids/overlay-sdk-" + ProcessHandle.current().pid());
    if (System.getProperty("user.name").equals("root")) {
      // root's are not limited, whatever ulimit says
      Tools.assume(Files.isDirectory(group.getParent()), "no cgroup for processes at " + group);
      Files.createDirectory(group);
      Files.writeString(group.resolve("pids.max"), "70");
      try {
        String enter = "eval echo $$ >" + group + "/cgroup.procs";
        Cramped.run(site, "threads", "size=1m", small(), enter);
      } finally {
        Files.delete(group);
      }
    } else {
      // alone on the machine, for all processes of the user count; -p of dash is what others call
      // -u
      Cramped.run(site, "threads", "size=1m", small(), "ulimit -p 70");
    }
  }

  @Test
  void tellsOfAFileSystemThatIsReadOnly() throws Exception {
    Cramped.run(site, "readOnly", "size=24m", small(), ":");
  }

  @Test
  void closesASessionWhoseOverlayHasVanished() throws Exception {
    Cramped.run(site, "vanished", "size=24m", small(), ":");
  }

  @OnEachExt3Backend
  void tellsThatTheOverlayIsFull(String backend) {
    try (OverlaySdk sdk = site.open()) {
      Path file = site.directory().resolve("small.ext3");
      Overlay overlay = sdk.createOverlay(file, ImageSize.of(8 << 20).inodes(100));
      try (Session session = sdk.start(site.on(backend).overlay(overlay))) {
        assertEquals(Optional.empty(), session.run("false").lack());
        Result full = session.run("sh", "-c", "dd if=/dev/zero of=/big bs=64k count=1000");
        assertEquals(Optional.of(Lack.SPACE), full.lack(), full::stderr);
        session.run("rm", "/big").orThrow();
        String files = "i=0; while (: >/f$i); do i=$((i+1)); done; exit 3";
        CommandFailedException e =
            assertThrows(
                CommandFailedException.class, () -> session.run("sh", "-c", files).orThrow());
        assertEquals(Optional.of(Lack.INODES), e.result().lack(), e.getMessage());
      }
    }
    site.assertNothingLeft();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/fuse-overlayfs", "fuse2fs", "squashfuse_ll"})
  void endsASessionWhoseFileServerHangs(String server) throws Exception {
    try (OverlaySdk sdk = site.open()) {
      Overlay overlay = site.ext3Overlay(sdk);
      SessionSpec spec = site.on("fuse-overlayfs").overlay(overlay);
      try (Session before = sdk.start(spec)) {
        before.run("sh", "-c", "echo written > /app/message.txt").orThrow();
      }
      Session session = sdk.start(spec);
      session.run("true").orThrow();
      long pid =
          Traces.of(site.directory()).stream()
              .filter(trace -> trace.words().split(" ")[0].endsWith(server))
              .findFirst()
              .orElseThrow()
              .pid();
      program("kill", "-STOP", Long.toString(pid));
      assertTimeoutPreemptively(
          Duration.ofSeconds(30),
          () -> {
            assertFalse(succeeds(session, "echo more > /app/more"));
            if (server.equals("fuse2fs")) {
              // what it had not written yet is lost
              assertThrows(CorruptOverlayException.class, session::close);
            }
            session.close();
          });
      site.assertNothingLeft();
      assertTrue(sdk.check(overlay.path().orElseThrow(), true).state() != State.DAMAGED);
      try (Session again = sdk.start(spec)) {
        assertEquals("written\n", again.run("cat", "/app/message.txt").orThrow().stdout());
      }
    }
  }

  private static boolean succeeds(Session session, String script) {
    try {
      Command command = Command.of("sh", "-c", script).timeLimit(Duration.ofSeconds(1));
      return session.run(command).succeeded();
    } catch (OverlayException e) {
      return false;
    }
  }

  /** A tool that says nothing and makes nothing, or something else than it is asked for. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "for w; do case $w in */.*.*-*-*-*-*) head -c 9000 /dev/urandom >\"$w\";; esac; done"
      })
  void believesNoToolThatSaysItHasDoneSomething(String does) throws IOException {
    Path mksquashfs = Tools.require("mksquashfs");
    Path liar =
        site.script(
            "liar",
            "case \" $* \" in *version*) exec " + mksquashfs + " \"$@\";; esac",
            does,
            "cat >/dev/null; exit 0");
    try (OverlaySdk sdk =
        OverlaySdk.open(
            site.configuration()
                .executable("mkfs.ext3", liar)
                .executable("mksquashfs", liar)
                .build())) {
      Overlay overlay = site.directoryOverlay(sdk);
      SessionSpec spec = SessionSpec.on(Image.at(site.image())).overlay(overlay);
      Path results = Files.createDirectory(site.directory().resolve("results"));
      for (Executable making :
          List.<Executable>of(
              () -> sdk.createOverlay(results.resolve("new.ext3"), 8 << 20),
              () -> sdk.freeze(spec, results.resolve("frozen.sqfs")),
              () -> sdk.pack(overlay.path().orElseThrow(), results.resolve("pack")),
              () -> sdk.commit(spec, results.resolve("new.sif"), CommitMode.FLATTENED),
              () -> sdk.commit(spec, results.resolve("layered.sif"), CommitMode.LAYERED))) {
        assertThrows(OverlayException.class, making);
        try (Stream<Path> left = Files.list(results)) {
          assertEquals(List.of(), left.toList());
        }
      }
    }
    site.assertNothingLeft();
  }

  @Test
  void takesRandomBytesForNoVersion() throws IOException {
    Path noise =
        site.script("noise", "head -c 100000 /dev/urandom; head -c 100000 /dev/urandom >&2");
    try (OverlaySdk sdk =
        OverlaySdk.open(site.configuration().executable("apptainer", noise).build())) {
      assertThrows(NoBackendException.class, () -> sdk.start(site.on("apptainer")));
    }
    site.assertNothingLeft();
  }

  @Test
  void doesNotWaitForAToolThatNeverAnswers() throws Exception {
    Path silent = site.script("silent", "exec sleep 1000");
    Path asked =
        site.script(
            "asked",
            "case \" $* \" in *\" exec \"*) exec sleep 1000;; esac",
            "exec " + Tools.require("apptainer") + " \"$@\"");
    try (OverlaySdk sdk =
        OverlaySdk.open(site.configuration().executable("apptainer", silent).build())) {
      assertTimeoutPreemptively(
          Duration.ofMinutes(1),
          () -> assertThrows(NoBackendException.class, () -> sdk.start(site.on("apptainer"))));
    }
    try (OverlaySdk sdk =
            OverlaySdk.open(site.configuration().executable("apptainer", asked).build());
        Session session = sdk.start(site.on("apptainer").timeLimit(Duration.ofSeconds(1)))) {
      assertTimeoutPreemptively(
          Duration.ofSeconds(20), () -> assertEquals(124, session.run("true").exitStatus()));
    }
    site.assertNothingLeft();
  }

  /** Packing may take hours; whoever loses patience interrupts it. */
  @Test
  void canBeInterruptedWhileAToolNeverEnds() throws Exception {
    Path mksquashfs = Tools.require("mksquashfs");
    Path begun = site.directory().resolve("begun");
    Path silent =
        site.script(
            "silent",
            "case \" $* \" in *version*) exec " + mksquashfs + " \"$@\";; esac",
            ": >" + begun,
            "exec sleep 1000");
    Path target = site.directory().resolve("frozen.sqfs");
    try (OverlaySdk sdk =
        OverlaySdk.open(site.configuration().executable("mksquashfs", silent).build())) {
      SessionSpec spec = SessionSpec.on(Image.at(site.image())).overlay(site.directoryOverlay(sdk));
      FutureTask<LayerReport> freezing = new FutureTask<>(() -> sdk.freeze(spec, target));
      Thread thread = new Thread(freezing);
      thread.start();
      Until.nothing(
          Duration.ofSeconds(30), () -> Files.exists(begun) ? List.of() : List.of("not begun"));
      thread.interrupt();
      ExecutionException e =
          assertThrows(ExecutionException.class, () -> freezing.get(30, TimeUnit.SECONDS));
      assertInstanceOf(CancelledException.class, e.getCause());
      assertFalse(Files.exists(target));
    }
    site.assertNothingLeft();
  }

  /** What it prints is more than a pipe and the memory hold. */
  @Test
  void endsAToolThatTalksWithoutEnd() throws IOException {
    Path tool = Tools.require("apptainer");
    Path talker =
        site.script(
            "talker",
            "case \" $* \" in *\" exec \"*) ;; *) exec " + tool + " \"$@\";; esac",
            "yes >&2 & exec yes");
    try (OverlaySdk sdk =
            OverlaySdk.open(site.configuration().executable("apptainer", talker).build());
        Session session = sdk.start(site.on("apptainer").timeLimit(Duration.ofSeconds(1)))) {
      assertTimeoutPreemptively(
          Duration.ofSeconds(20), () -> assertEquals(124, session.run("true").exitStatus()));
    }
    site.assertNothingLeft();
  }

  private static void program(String... words) throws Exception {
    assertEquals(0, new ProcessBuilder(words).start().waitFor());
  }

  private Path small() {
    return site.directory().resolve("small");
  }
}
