package io.overlaysdk.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Access;
import io.overlaysdk.Bind;
import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.NoBackendException;
import io.overlaysdk.Overlay;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.Result;
import io.overlaysdk.RunningCommand;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.Share;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Nothing of the host comes in unasked; what is asked for is there, and can be changed. */
@ExtendWith(Images.Shared.class)
class IsolationIT {
  private static final String NAME = "overlay-sdk-isolation";

  /** What a session sets itself, or the shell inside does. */
  private static final Set<String> OWN =
      Set.of("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "PS1", "PWD", "OLDPWD", "SHLVL", "_");

  /** What describes the host, would be a lie inside, or belongs to the shell. */
  private static final Set<String> NEVER_SHARED =
      Set.of(
          "PATH",
          "HOME",
          "LD_LIBRARY_PATH",
          "LD_PRELOAD",
          "TMPDIR",
          "XDG_RUNTIME_DIR",
          "PWD",
          "OLDPWD",
          "SHLVL",
          "_");

  @TempDir private Path temp;
  private Path inHome;
  private Path inTmp;
  private Path inWorkingDirectory;

  @BeforeEach
  void markTheHost() throws IOException {
    inHome = Files.createTempFile(Path.of(System.getProperty("user.home")), NAME, ".home");
    inTmp = Files.createTempFile(Path.of("/tmp"), NAME, ".tmp");
    inWorkingDirectory = Files.createTempFile(Path.of("").toAbsolutePath(), NAME, ".cwd");
  }

  @AfterEach
  void unmarkTheHost() throws IOException {
    for (Path mark : marks()) {
      Files.deleteIfExists(mark);
    }
  }

  private static void assertNowhere(String secret, String text) {
    assertFalse(text.contains(secret), () -> text.replaceAll("[^\n\\p{Print}]", " "));
  }

  private static String arguments() {
    return ProcessHandle.allProcesses()
        .map(process -> read(Path.of("/proc/" + process.pid() + "/cmdline")))
        .collect(Collectors.joining("\n"));
  }

  private static String texts(Path tree) throws IOException {
    try (Stream<Path> files = Files.walk(tree)) {
      return files
          .filter(Files::isRegularFile)
          .map(IsolationIT::read)
          .collect(Collectors.joining("\n"));
    }
  }

  private static String read(Path file) {
    try {
      return new String(Files.readAllBytes(file), ISO_8859_1);
    } catch (IOException e) {
      return ""; // ended meanwhile
    }
  }

  private List<Path> marks() {
    return List.of(inHome, inTmp, inWorkingDirectory);
  }

  @OnEachBackend
  void hidesHomeTmpWorkingDirectoryAndEnvironment(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp);
        Session session = bench.start(bench.on(images.tutorial()).overlay(Overlay.ephemeral()))) {
      for (Path mark : marks()) {
        assertEquals(1, session.run("test", "-e", mark.toString()).exitStatus(), mark.toString());
      }
      assertEquals("/\n", session.run("pwd").orThrow().stdout());
      List<String> inside =
          Words.split(session.run("cat", "/proc/self/environ").orThrow()).stream()
              .map(variable -> variable.split("=")[0])
              .filter(name -> !OWN.contains(name))
              .toList();
      System.getenv().keySet().forEach(name -> assertFalse(inside.contains(name), name));
      // by which the guard knows the tool
      assertFalse(inside.contains("OVERLAYSDK_GUARD"));
    }
  }

  @OnEachBackend
  void hidesProcesses(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp);
        Session session = bench.start(bench.on(images.tutorial()))) {
      String processes = session.run("sh", "-c", "ls -d /proc/[0-9]*").orThrow().stdout();
      assertTrue(processes.lines().count() < 10, processes);
      assertNotEquals(
          Files.readSymbolicLink(Path.of("/proc/self/ns/pid")) + "\n",
          session.run("readlink", "/proc/self/ns/pid").orThrow().stdout());
    }
  }

  @OnEachBackend
  void sharesWhatTheSpecSays(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      SessionSpec spec = bench.on(images.tutorial()).overlay(Overlay.ephemeral());
      assertShared(
          bench, spec.share(Share.HOME, Share.TMP, Share.WORKING_DIRECTORY, Share.ENVIRONMENT));
    }
  }

  @OnEachBackend
  void sharesWhatTheSiteSays(String backend, Images images) throws Exception {
    try (Bench bench =
        Bench.of(
            backend,
            temp,
            site ->
                site.share(Share.HOME)
                    .share(Share.TMP)
                    .share(Share.WORKING_DIRECTORY)
                    .share(Share.ENVIRONMENT))) {
      assertShared(bench, bench.on(images.tutorial()));
    }
  }

  private void assertShared(Bench bench, SessionSpec spec) throws IOException {
    String explained = bench.sdk().explain(spec, Command.of("true")).toString();
    try (Session session = bench.start(spec)) {
      for (Path mark : marks()) {
        String directory = mark.getParent().toString();
        assertTrue(explained.contains(directory + " at " + directory + ", writable"), explained);
        session.run("sh", "-c", "echo inside >\"$1\"", "sh", mark.toString()).orThrow();
        assertEquals("inside\n", Files.readString(mark));
      }
      assertEquals(inWorkingDirectory.getParent() + "\n", session.run("pwd").orThrow().stdout());
      assertTrue(explained.contains("the caller's environment"), explained);
      List<String> inside = Words.split(session.run("cat", "/proc/self/environ").orThrow());
      System.getenv()
          .forEach(
              (name, value) -> {
                boolean shared =
                    name.matches("[A-Za-z_][A-Za-z0-9_]*")
                        && !name.matches("(APPTAINER|SINGULARITY|OVERLAYSDK).*")
                        && !NEVER_SHARED.contains(name);
                assertTrue(!shared || inside.contains(name + "=" + value), name);
              });
    }
  }

  /** Lists of arguments are open to every user of the machine, and logs often are. */
  @OnEachBackend
  void aSecretIsSeenByTheCommandAlone(String backend, Images images) throws Exception {
    String secret = "s3cret-" + UUID.randomUUID();
    for (boolean separate : new boolean[] {false, true}) {
      try (Bench bench = Bench.of(backend, temp)) {
        SessionSpec spec = bench.on(images.tutorial()).variable("API_TOKEN", secret);
        spec = separate ? spec.separateCommands() : spec;
        Command command =
            Command.of("sh", "-c", "echo \"$API_TOKEN $MINE\"; read -r end")
                .variable("MINE", secret);
        String explained = bench.sdk().explain(spec, command).toString();
        assertTrue(explained.contains("API_TOKEN"), explained);
        try (Session session = bench.start(spec);
            RunningCommand running = session.start(command)) {
          BufferedReader lines = new BufferedReader(new InputStreamReader(running.stdout(), UTF_8));
          assertEquals(secret + " " + secret, lines.readLine());
          assertNowhere(secret, arguments());
          assertNowhere(secret, texts(temp.resolve("state")));
        }
        assertNowhere(secret, explained + spec + command);
      }
    }
  }

  /** CAP_SYS_CHROOT is number 18; in lines of /proc/self/status. */
  @OnEachBackend
  void commandsDropCapabilitiesWhereThatIsAsked(String backend, Images images) throws Exception {
    String script = "grep -E '^(Cap(Inh|Prm|Eff|Amb)|NoNewPrivs)' /proc/self/status";
    Set<String> some = Set.of("0".repeat(16), "0000000000040000", "1");
    boolean root = System.getProperty("user.name").equals("root");
    for (boolean separate : new boolean[] {false, true}) {
      try (Bench bench = Bench.of(backend, temp)) {
        SessionSpec plain = bench.on(images.tutorial()).overlay(Overlay.ephemeral());
        SessionSpec spec = separate ? plain.separateCommands() : plain;
        try (Session session = bench.start(spec.dropCapabilities())) {
          assertEquals(Set.of(), other(some, session.run("sh", "-c", script).orThrow()));
          session.run("sh", "-c", "id -u && echo new >/app/message.txt").orThrow();
          boolean mounts = session.run("mount", "-t", "tmpfs", "tmpfs", "/mnt").succeeded();
          assertFalse(mounts);
        }
        try (Session session = bench.start(spec)) {
          Set<String> more = other(some, session.run("sh", "-c", script).orThrow());
          assertEquals(root, more.stream().anyMatch(value -> !value.equals("0")));
        }
        if (backend.contains("overlayfs") && !root) {
          try (Session session = bench.start(spec.fakeroot().dropCapabilities())) {
            assertEquals("0\n", session.run("id", "-u").orThrow().stdout());
            assertEquals(Set.of(), other(some, session.run("sh", "-c", script).orThrow()));
          }
        } else if (!root) {
          NoBackendException e =
              assertThrows(
                  NoBackendException.class, () -> bench.start(spec.fakeroot().dropCapabilities()));
          assertTrue(e.getMessage().contains("fakeroot without capabilities"), e::getMessage);
        }
      }
    }
  }

  /** The values in what was printed, without these. */
  private static Set<String> other(Set<String> known, Result result) {
    return result
        .stdout()
        .lines()
        .map(line -> line.substring(line.indexOf('\t') + 1))
        .filter(value -> !known.contains(value))
        .collect(Collectors.toSet());
  }

  /** A program that a container leaves runs as whom it belongs to, whoever starts it. */
  @OnEachBackend
  void nobodyElseEntersAnOverlayUnlessItIsOpened(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      OverlaySdk sdk = bench.sdk();
      Path mine = temp.resolve("mine");
      SessionSpec image = bench.on(images.tutorial());
      SessionSpec spec = image.overlay(sdk.createOverlay(mine));
      try (Session session = bench.start(spec)) {
        session.run("sh", "-c", "cp /bin/sh /app/own && chmod 4755 /app/own").orThrow();
      }
      assertTrue(Files.isRegularFile(mine.resolve("upper/app/own")));
      sdk.exportLayer(spec, temp.resolve("layer.tar"));
      sdk.freeze(spec, temp.resolve("frozen"));
      sdk.pack(mine, temp.resolve("packed"));

      Path imported = temp.resolve("imported");
      sdk.importLayer(temp.resolve("layer.tar"), image.overlay(Overlay.at(imported)));
      sdk.thaw(temp.resolve("frozen"), temp.resolve("thawed"));
      sdk.unpack(temp.resolve("packed"), temp.resolve("unpacked"));
      sdk.rebase(spec, images.tutorial(), temp.resolve("rebased"), false);
      Path layers = temp.resolve(".mine.layers");
      assertEquals("rwx------", mode(layers.resolve(sdk.snapshot(mine, "one").id())));
      sdk.fork(mine, temp.resolve("forked"));
      for (String made : List.of("mine", "imported", "thawed", "unpacked", "rebased", "forked")) {
        assertEquals("rwx------", mode(temp.resolve(made)), made);
      }

      Files.setPosixFilePermissions(mine, PosixFilePermissions.fromString("rwxr-x---"));
      assertEquals("rwxr-x---", mode(layers.resolve(sdk.snapshot(mine, "two").id())));
      assertEquals("rwxr-x---", mode(layers.resolve(sdk.flatten(spec).id())));
      assertEquals("rwxr-x---", mode(mine));
    }
  }

  private static String mode(Path directory) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(directory));
  }

  @OnEachBackend
  void bindsFilesAndDirectoriesForReadingAndForWriting(String backend, Images images)
      throws Exception {
    Path directory = Files.createDirectory(temp.resolve("directory"));
    Path file = Files.writeString(directory.resolve("file"), "outside\n");
    ContainerPath readOnly = ContainerPath.of("/srv/read");
    ContainerPath newPlace = ContainerPath.of("/new/deep/place");
    try (Bench bench =
        Bench.of(
            backend, temp, site -> site.bind(new Bind(directory, newPlace, Access.READ_WRITE)))) {
      SessionSpec spec =
          bench
              .on(images.tutorial())
              .bind(directory, "/srv")
              .bind(new Bind(file, ContainerPath.of("/app/message.txt"), Access.READ_ONLY))
              .bind(new Bind(directory, readOnly, Access.READ_ONLY));
      Files.createDirectory(directory.resolve("read"));
      String explained = bench.sdk().explain(spec, Command.of("true")).toString();
      assertTrue(explained.contains(directory + " at /new/deep/place, writable"), explained);
      assertTrue(explained.contains(directory + " at /srv, writable"), explained);
      assertTrue(explained.contains(file + " at /app/message.txt, read-only"), explained);

      try (Session session = bench.start(spec)) {
        assertEquals("outside\n", session.run("cat", "/app/message.txt").orThrow().stdout());
        assertEquals("outside\n", session.run("cat", "/new/deep/place/file").orThrow().stdout());
        session.run("sh", "-c", "echo inside >/srv/file").orThrow();
        assertEquals("inside\n", session.run("cat", "/srv/read/file").orThrow().stdout());
        assertEquals("inside\n", Files.readString(file));
        for (String target : List.of("/app/message.txt", "/srv/read/file")) {
          String error = session.run("sh", "-c", "echo no >" + target).stderr();
          assertTrue(error.contains("Read-only file system"), error);
        }
      }
      assertEquals("inside\n", Files.readString(file));
    }
  }

  @OnEachBackend
  void keepsAPrivateTmpAsLongAsTheSession(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      SessionSpec spec = bench.on(images.tutorial());
      try (Session session = bench.start(spec)) {
        session.run("sh", "-c", "echo kept >/tmp/kept").orThrow();
        assertEquals("kept\n", session.run("cat", "/tmp/kept").orThrow().stdout());
      }
      try (Session session = bench.start(spec)) {
        assertEquals("", session.run("ls", "-A", "/tmp").orThrow().stdout());
      }
    }
  }
}
