package io.overlaysdk.backend.support.rootfs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs the constant scripts in this machine's shell; what would mount only writes down its name.
 */
final class MergedRootScriptTest {
  private static final String[] MERGE = {"attach", "merged", "leave", "2", "attacher", "merged"};

  @TempDir Path temporary;
  private Path programs;
  private Path directory;
  private Path log;

  private record Outcome(int status, String stdout, String stderr) {}

  @BeforeEach
  void putHarmlessProgramsOnPath() throws IOException {
    programs = Files.createDirectory(temporary.resolve("programs"));
    directory = Files.createDirectory(temporary.resolve("a 'directory'"));
    log = temporary.resolve("log");
    program(
        "mount",
        "case \"$*\" in --rbind*' merged/'*) echo \"mount $2 $3\" >>\"$LOG\" ;;"
            + " '-a -T table') sed 's/ none .*//; s/^/mount /'"
            + " table >>\"$LOG\" ;;"
            + " --rbind*) rmdir \"$3\"; ln -s \"$2\" \"$3\" ;; esac");
    program("mountpoint", "true");
    program(
        "umount",
        "[ \"$1\" != -R ] || shift; echo \"umount $1\" >>\"$LOG\"; rm -rf \"$1\"; [ ! -p \"$1.held\" ] || : >\"$1.held\"");
    program(
        "attacher",
        "echo \"attach $*\" >>\"$LOG\"; mkdir -p \"$1/bin\" \"$1/data\"; : >\"$1/bin/sh\";"
            + " chmod +x \"$1/bin/sh\"");
    // as a FUSE program: returns when it is mounted, ends some time after the unmount
    program(
        "daemon",
        "mkfifo \"$1.held\"; (read -r x <\"$1.held\"; echo \"end $1\" >>\"$LOG\")"
            + " >/dev/null 2>&1 &");
    program("broken", "echo 'no such file system' >&2; exit 7");
    program(
        "unshare",
        "echo enter >>\"${0%/*}/../log\"; while [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"");
  }

  private void program(String name, String body) throws IOException {
    Path program = programs.resolve(name);
    Files.writeString(program, "#!/bin/sh\n" + body + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Outcome run(String[] operations, String... command) throws Exception {
    return run(Map.of(), "", operations, command);
  }

  private Outcome run(
      Map<String, String> environment, String stdin, String[] operations, String... command)
      throws Exception {
    return run(List.of(), environment, stdin, operations, command);
  }

  private Outcome run(
      List<String> before,
      Map<String, String> environment,
      String stdin,
      String[] operations,
      String... command)
      throws Exception {
    int merged = Arrays.asList(operations).lastIndexOf("merged") + 1;
    List<String> words = new ArrayList<>(before);
    words.addAll(List.of("/bin/sh", "-c", Scripts.read("merged-root.sh")));
    words.addAll(List.of("overlay-sdk", directory.toString(), "make", ""));
    words.addAll(Arrays.asList(operations).subList(0, merged));
    words.addAll(List.of("enter", "/bin/sh", "-c", Scripts.read("inside.sh"), "overlay-sdk"));
    words.addAll(Arrays.asList(operations).subList(merged, operations.length));
    words.addAll(
        List.of("enter", programs.resolve("unshare").toString(), "as-is", "keep", "/root", "/"));
    words.addAll(List.of("/bin/sh", "-c", Scripts.read("in-container.sh"), "overlay-sdk"));
    words.addAll(Arrays.asList(command));
    return start(words, environment, stdin);
  }

  private Outcome start(List<String> words, Map<String, String> environment, String stdin)
      throws Exception {
    ProcessBuilder builder = new ProcessBuilder(words).directory(temporary.toFile());
    builder.environment().put("PATH", programs + ":" + builder.environment().get("PATH"));
    builder.environment().put("LOG", log.toString());
    builder.environment().putAll(environment);
    Path stdout = temporary.resolve("stdout");
    Path stderr = temporary.resolve("stderr");
    builder.redirectOutput(stdout.toFile()).redirectError(stderr.toFile());
    Process process = builder.start();
    process.getOutputStream().write(stdin.getBytes(UTF_8));
    process.getOutputStream().close();
    assertTrue(process.waitFor(30, TimeUnit.SECONDS), "the script hangs");
    return new Outcome(process.exitValue(), Files.readString(stdout), Files.readString(stderr));
  }

  private static String[] operations(String... words) {
    return words;
  }

  private static String[] and(String[] some, String... more) {
    List<String> all = new ArrayList<>(Arrays.asList(some));
    all.addAll(Arrays.asList(more));
    return all.toArray(String[]::new);
  }

  private List<String> log() throws IOException {
    return Files.readAllLines(log);
  }

  private List<String> mounts() throws IOException {
    return log().stream()
        .filter(line -> line.startsWith("mount "))
        .map(line -> line.substring("mount ".length()))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"HUP", "INT", "PIPE"})
  void aCommandDoesNotIgnoreTheSignalsThatTheCallerIgnores(String signal) throws Exception {
    List<String> ignoring = List.of("/bin/sh", "-c", "trap '' " + signal + "; exec \"$@\"", "sh");

    Outcome outcome =
        run(ignoring, Map.of(), "", MERGE, "0", "/bin/sh", "-c", "kill -" + signal + " $$");

    assertTrue(outcome.status() > 128, outcome::toString);
  }

  @Test
  void mountsInOrderAndUnmountsInReverse() throws Exception {
    String[] all =
        and(operations("attach", "layer0", "leave", "3", "attacher", "layer0", "a b"), MERGE);
    Outcome outcome = run(all, "0", "true");
    assertEquals(new Outcome(0, "", ""), outcome);
    assertEquals(
        List.of("attach layer0 a b", "attach merged", "enter", "umount merged", "umount layer0"),
        log());
  }

  @Test
  void waitsForTheEndOfAProgramThatMayStillWrite() throws Exception {
    String[] all = and(operations("attach", "layer0", "await", "2", "daemon", "layer0"), MERGE);
    assertEquals(0, run(all, "0", "true").status());
    assertEquals(
        List.of("attach merged", "enter", "umount merged", "umount layer0", "end layer0"), log());
  }

  @Test
  void saysThatAProgramEndedBeforeItWasUnmounted() throws Exception {
    String[] all = and(operations("attach", "layer0", "await", "1", "true"), MERGE);
    Outcome outcome = run(all, "0", "true");
    assertEquals(125, outcome.status());
    assertTrue(outcome.stderr().contains("changes may be lost"), outcome.stderr());
  }

  @Test
  void stopsAtAFailureSaysWhoAndUnmountsWhatIsMounted() throws Exception {
    String[] all =
        and(
            operations("attach", "layer0", "leave", "2", "attacher", "layer0"),
            and(operations("attach", "layer1", "await", "2", "broken", "layer1"), MERGE));
    Outcome outcome = run(all, "0", "true");
    assertEquals(125, outcome.status());
    assertEquals(
        "overlay-sdk: broken could not mount layer1 (status 7): no such file system\n",
        outcome.stderr());
    assertEquals(List.of("attach layer0", "umount layer0"), log());
  }

  @Test
  void namesAProgramThatIsNotThere() throws Exception {
    Outcome outcome =
        run(and(operations("attach", "layer0", "leave", "1", "/no/such"), MERGE), "0", "true");
    assertEquals(125, outcome.status());
    assertTrue(outcome.stderr().contains("such could not mount layer0 (status 127)"));
  }

  @Test
  void passesOnTheStatusOfTheCommand() throws Exception {
    for (int status : new int[] {0, 1, 3, 125, 255}) {
      assertEquals(status, run(MERGE, "0", "sh", "-c", "exit " + status).status());
      directory = Files.createDirectory(temporary.resolve("after " + status));
    }
  }

  @Test
  void tellsAFailureToMakeNamespacesFromTheStatusOfTheCommand() throws Exception {
    List<String> words = List.of("/bin/sh", "-c", Scripts.read("merged-root.sh"), "overlay-sdk");
    List<String> all = new ArrayList<>(words);
    all.addAll(List.of(directory.toString(), "make", ""));
    all.addAll(List.of(MERGE));
    all.addAll(List.of("enter", "/bin/sh", "-c", "echo 'unshare: no permission' >&2; exit 1"));
    assertEquals(new Outcome(125, "", "unshare: no permission\n"), start(all, Map.of(), ""));
  }

  @Test
  void leavesStandardInputToTheCommand() throws Exception {
    String[] all = and(operations("attach", "layer0", "await", "2", "daemon", "layer0"), MERGE);
    Outcome outcome = run(Map.of(), "to the command\n", all, "0", "cat");
    assertEquals(new Outcome(0, "to the command\n", ""), outcome);
  }

  @Test
  void passesWordsAsTheyAre() throws Exception {
    String[] words = {"0", "printf", "<%s>", "", "a b", "$HOME", "`id`", "a\nb", "--", "'\"\\"};
    assertEquals("<><a b><$HOME><`id`><a\nb><--><'\"\\>", run(MERGE, words).stdout());
  }

  @Test
  void passesVariablesAsTheyAreAndNothingElse() throws Exception {
    String value = " a\n'\"$HOME`id`\\ \nexport start=x\nexport PATH=y";
    Map<String, String> environment = Map.of("OVERLAYSDK_VALUE_0", value, "SECRET", "x");
    String script = "printf '<%s>' \"$NAME\"; env | grep -c SECRET; env | grep ^HOME";
    Outcome outcome = run(environment, "", MERGE, "1", "NAME", "sh", "-c", script);
    assertEquals(new Outcome(0, "<" + value + ">0\nHOME=/root\n", ""), outcome);
  }

  @Test
  void setsVariablesItselfWhereTheImageHasNoShell() throws Exception {
    program("attacher", "mkdir -p \"$1/bin\" \"$1/app\"; cp /bin/sh \"$1/app/shell\"");
    program(
        "unshare", "while [ \"$1\" != -- ]; do shift; done; shift; printf '<%s>' \"$NAME\" \"$@\"");
    Outcome outcome =
        run(Map.of("OVERLAYSDK_VALUE_0", "v\n"), "", MERGE, "1", "NAME", "/app/shell", "", "a b");
    assertEquals(new Outcome(0, "<v\n></app/shell><><a b>", ""), outcome);
  }

  @Test
  void saysWhatIsNotThereToRunWhereTheImageHasNoShell() throws Exception {
    program("attacher", "mkdir -p \"$1/usr/bin\"; cp /bin/sh \"$1/usr/bin/here\"");
    String here = run(MERGE, "0", "here").stderr();
    assertFalse(here.contains("no program"), here);
    for (String program : List.of("/no/such", "such", "./here")) {
      directory = Files.createDirectory(temporary.resolve("of " + program.replace('/', '-')));
      Outcome outcome = run(MERGE, "0", program);
      assertEquals(125, outcome.status());
      assertTrue(outcome.stderr().contains("no program " + program), outcome.stderr());
    }
  }

  @Test
  void makesMountPointsOfTheKindOfTheSourceInTheLowestLayer() throws Exception {
    Path file = Files.createFile(temporary.resolve("a file"));
    String[] points = {"point", file.toString(), "/etc/one", "point", "/", "/new/deep"};
    run(and(points, MERGE), "0", "true");
    assertTrue(Files.isRegularFile(directory.resolve("points/etc/one")));
    assertTrue(Files.isDirectory(directory.resolve("points/new/deep")));
  }

  @Test
  void resolvesLinksOfTheImageInsideOfTheMergedRoot() throws Exception {
    program(
        "attacher",
        "mkdir -p \"$1/run/lock\" \"$1/var\" \"$1/bin\"; cp /bin/sh \"$1/bin\"; ln -s /run \"$1/var/run\";"
            + " ln -s ../../../run/lock \"$1/var/lock\"; ln -s /etc \"$1/host\"");
    String[] places = {"place", "rw", "/s", "/var/run/lock", "place", "ro", "/s", "/var/lock"};
    assertEquals(0, run(and(MERGE, places), "0", "true").status());
    assertEquals(List.of("/s merged/run/lock", "/s merged/run/lock"), mounts());
  }

  @Test
  void refusesABindWhoseTargetWouldHaveToBeMadeInTheOverlay() throws Exception {
    program("attacher", "mkdir \"$1\"/etc; ln -s /etc \"$1/host\"; echo \"attach $1\" >>\"$LOG\"");
    Outcome outcome = run(and(MERGE, "place", "rw", "/s", "/host/passwd"), "0", "true");
    assertEquals(125, outcome.status());
    assertTrue(outcome.stderr().contains("cannot bind /s at /host/passwd"), outcome.stderr());
    assertEquals(List.of("attach merged", "umount merged"), log());
  }

  @Test
  void addsTheUserToAPlainFileOnly() throws Exception {
    program(
        "attacher",
        "mkdir \"$1/etc\"; printf 'root:x:0:0::/:' >\"$1/etc/passwd\"; ln -s passwd \"$1/etc/group\"");
    String[] accounts = {
      "account", "passwd", "7", "ada:x:7:7::/:", "account", "group", "7", "ada:x:7:"
    };
    run(and(MERGE, accounts), "0", "true");
    assertEquals(List.of("passwd merged/etc/passwd"), mounts());
    assertEquals("root:x:0:0::/:\nada:x:7:7::/:\n", Files.readString(directory.resolve("passwd")));
  }

  @Test
  void leavesAFileThatKnowsTheUserAsItIs() throws Exception {
    program("attacher", "mkdir \"$1/etc\"; echo 'eve:x:7:7::/:' >\"$1/etc/passwd\"");
    run(and(MERGE, "account", "passwd", "7", "ada:x:7:7::/:"), "0", "true");
    assertEquals(List.of(), mounts());
  }

  @Test
  void opensTheWorkDirectoryThatAKernelOverlayLeaves() throws Exception {
    Path overlay = Files.createDirectories(temporary.resolve("o:v,erlay/work/work"));
    Files.setPosixFilePermissions(overlay, PosixFilePermissions.fromString("---------"));
    String[] thaw = {"bind", "layer0", overlay.getParent().toString(), "thaw", "layer0/work"};
    assertEquals(0, run(and(thaw, MERGE), "0", "true").status());
    assertEquals(
        "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(overlay)));
  }
}
