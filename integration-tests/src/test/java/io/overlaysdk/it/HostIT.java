package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Change;
import io.overlaysdk.Changes;
import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Image;
import io.overlaysdk.NoBackendException;
import io.overlaysdk.Overlay;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The machine that runs the test as the image. */
class HostIT {
  private static final boolean ROOT = System.getProperty("user.name").equals("root");
  private static final Path HOME = Path.of(System.getProperty("user.home"));

  @TempDir private Path temp;
  private Path probe;

  @BeforeEach
  void namesAFileThatIsNotThere() {
    probe = (ROOT ? Path.of("/etc") : HOME).resolve("overlay-probe-" + temp.getFileName());
    assertFalse(Files.exists(probe));
  }

  private static List<String> changes(Changes changes) {
    List<String> lines = new ArrayList<>();
    for (Change change : changes) {
      lines.add(change.toString());
    }
    return lines;
  }

  @Test
  void changesNothingOfTheMachineAndSaysWhatWouldChange() throws Exception {
    try (Bench bench = Bench.of("overlayfs", temp.resolve("bench"))) {
      SessionSpec spec = bench.on(Image.host()).overlay(Overlay.ephemeral());
      try (Session session = bench.start(spec)) {
        session.run("sh", "-c", "echo x >\"$1\"", "sh", probe.toString()).orThrow();
        assertEquals("x\n", session.run("cat", probe.toString()).orThrow().stdout());
        try (Changes changes = session.changes()) {
          assertEquals(List.of("ADDED " + probe), changes(changes));
        }
      }
    }
    assertFalse(Files.exists(probe));
  }

  @Test
  void keepsWhatWasChangedForTheNextSession() throws Exception {
    Path own = Files.createTempDirectory(HOME, "overlay-sdk-host");
    Files.writeString(own.resolve("old"), "old\n");
    try (Bench bench = Bench.of("overlayfs", temp.resolve("bench"))) {
      SessionSpec spec =
          bench.on(Image.host()).overlay(bench.sdk().createOverlay(temp.resolve("overlay")));
      try (Session session = bench.start(spec)) {
        String script = "cd \"$1\" && rm old && mkdir new && echo x >new/file && chmod 700 new";
        session.run("sh", "-c", script, "sh", own.toString()).orThrow();
      }
      try (Session session = bench.start(spec)) {
        assertEquals("new\n", session.run("ls", own.toString()).orThrow().stdout());
      }
      try (Changes changes = bench.sdk().changes(spec, Changes.Detail.ROOTS)) {
        assertEquals(
            List.of(
                "ADDED " + own.resolve("new"),
                "ADDED " + own.resolve("new/file"),
                "DELETED " + own.resolve("old")),
            changes(changes));
      }
      assertEquals("old\n", Files.readString(own.resolve("old")));
    } finally {
      Files.delete(own.resolve("old"));
      Files.delete(own);
    }
  }

  @Test
  void refusesAPlainUserWhatOnlyRootMayChange() throws Exception {
    try (Bench bench = Bench.of("overlayfs", temp.resolve("bench"));
        Session session = bench.start(bench.on(Image.host()).overlay(Overlay.ephemeral()))) {
      for (String word : List.of("/etc/overlay-probe", "/usr/overlay-probe", "/overlay-probe")) {
        assertEquals(ROOT, session.run("touch", word).succeeded(), word);
      }
      assertEquals(ROOT, session.run("rm", "/etc/passwd").succeeded());
      assertTrue(Files.exists(Path.of("/etc/passwd")));
    }
  }

  @Test
  void changesNothingWithoutAnOverlay() throws Exception {
    try (Bench bench = Bench.of("overlayfs", temp.resolve("bench"));
        Session session = bench.start(bench.on(Image.host()))) {
      assertNotEquals(0, session.run("touch", probe.toString()).exitStatus());
      assertEquals(
          Files.readString(Path.of("/etc/passwd")),
          session.run("cat", "/etc/passwd").orThrow().stdout());
    }
    assertFalse(Files.exists(probe));
  }

  /** What of the machine a session does not have. */
  @Test
  void hidesTheTemporaryFilesAndTheProcessesOfTheMachine() throws Exception {
    Path file = Files.createTempFile(Path.of("/tmp"), "overlay-sdk-host", "");
    try (Bench bench = Bench.of("overlayfs", temp.resolve("bench"));
        Session session = bench.start(bench.on(Image.host()).overlay(Overlay.ephemeral()))) {
      assertFalse(session.run("test", "-e", file.toString()).succeeded());
      assertFalse(session.run("test", "-e", "/proc/" + ProcessHandle.current().pid()).succeeded());
      assertEquals("", session.run("sh", "-c", "ls -A /tmp").orThrow().stdout());
    } finally {
      Files.delete(file);
    }
  }

  @Test
  void startsWhereTheCallerIs() throws Exception {
    Path here = Path.of("").toAbsolutePath();
    String start = here.startsWith("/tmp") ? "/" : here.toString();
    try (Bench bench = Bench.of("overlayfs", temp.resolve("bench"));
        Session session = bench.start(bench.on(Image.host()).overlay(Overlay.ephemeral()))) {
      assertEquals(start + "\n", session.run("pwd").orThrow().stdout());
      assertEquals(
          HOME + "\n",
          session
              .run(Command.of("pwd").directory(ContainerPath.of(HOME.toString())))
              .orThrow()
              .stdout());
    }
  }

  @Test
  void refusesWhatCannotBe() throws Exception {
    try (Bench bench = Bench.of("overlayfs", temp.resolve("bench"))) {
      Overlay overlay = bench.sdk().createOverlay(temp.resolve("overlay"));
      refuses(bench, bench.on(Image.host()).overlay(overlay.readOnly()), "as two layers");
      refuses(
          bench,
          bench.on(Image.host()).overlay(overlay).backend("fuse-overlayfs"),
          "the machine's own root cannot be the image");
      if (!ROOT) {
        refuses(bench, bench.on(Image.host()).fakeroot(), "cannot map");
      }
    }
  }

  private static void refuses(Bench bench, SessionSpec spec, String reason) {
    NoBackendException e = assertThrows(NoBackendException.class, () -> bench.start(spec));
    assertTrue(e.getMessage().contains(reason), e::getMessage);
  }
}
