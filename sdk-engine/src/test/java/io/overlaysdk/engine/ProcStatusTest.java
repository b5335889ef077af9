package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ProcStatusTest {
  private static final long SELF = ProcessHandle.current().pid();

  @TempDir private Path proc;
  private long ended;

  @BeforeEach
  void endAProcess() throws Exception {
    Process process = new ProcessBuilder("true").start();
    process.waitFor();
    ended = process.pid();
  }

  private void mounted(String options) throws Exception {
    Path self = Files.createDirectory(proc.resolve("self"));
    Files.writeString(
        self.resolve("mountinfo"), "22 27 0:21 / " + proc + " rw - proc proc " + options + "\n");
  }

  @Test
  void whatProcDoesNotShowIsGoneWhereItShowsAll() throws Exception {
    mounted("rw");
    Files.createDirectory(proc.resolve("1"));
    assertTrue(ProcStatus.isGone(SELF, proc), "no program is started for it");
    Files.createDirectory(proc.resolve(Long.toString(SELF)));
    assertFalse(ProcStatus.isGone(SELF, proc));
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw,hidepid=invisible", "rw,gid=9,hidepid=2", "rw,hidepid=ptraceable"})
  void whatProcHidesIsGoneOnlyWhereTheKernelSaysSo(String options) throws Exception {
    mounted(options);
    Files.createDirectory(proc.resolve("1"));
    assertFalse(ProcStatus.isGone(SELF, proc));
    assertFalse(ProcStatus.isGone(1, proc));
    assertTrue(ProcStatus.isGone(ended, proc));
  }

  @Test
  void aProcWithoutTheFirstProcessHidesOthersToo() throws Exception {
    mounted("rw");
    assertFalse(ProcStatus.isGone(SELF, proc));
    assertTrue(ProcStatus.isGone(ended, proc));
  }

  @Test
  void whoseStartIsNotKnownMayLiveAsLongAsThereIsOneOfItsNumber() {
    assertEquals(Optional.empty(), new Journal.ProcessKey(SELF, -1).alive());
    assertEquals(Optional.of(false), new Journal.ProcessKey(ended, -1).alive());
    assertEquals(Optional.of(false), new Journal.ProcessKey(SELF, 1).alive());
  }

  /** As {@code hidepid} really is, for a user who is not the one whose process it is. */
  @ParameterizedTest
  @ValueSource(strings = {"1", "2"})
  void anotherUsersProcessThatIsHiddenMayLive(String hidepid) throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root can mount a /proc");
    String living = Journal.ProcessKey.of(SELF).toString();
    assertEquals(
        "Optional.empty Optional[false] Optional[true] []\n",
        asAnother(hidepid, living, ended + " 1"));
  }

  @Test
  void aProcessOfAnotherUserIsKnownWhereItIsShown() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "only root can mount a /proc");
    String living = Journal.ProcessKey.of(SELF).toString();
    assertEquals(
        "Optional[true] Optional[false] Optional[true] []\n", asAnother("0", living, ended + " 1"));
  }

  private static String asAnother(String hidepid, String... keys) throws Exception {
    String mount = "mount -t proc -o \"hidepid=$0\" proc /proc && exec \"$@\"";
    List<String> words = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", mount, hidepid));
    words.add(Tools.find("setpriv").toString());
    words.addAll(List.of("--reuid=65534", "--regid=65534", "--clear-groups"));
    // the classes may lie where only root looks
    for (String which : List.of("--inh-caps", "--ambient-caps")) {
      words.add(which + "=-all,+dac_read_search");
    }
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    Path classes =
        Path.of(ProcStatusTest.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    words.addAll(List.of("-cp", OwnClasses.path() + File.pathSeparator + classes));
    words.add(Asks.class.getName());
    words.addAll(List.of(keys));
    Process process =
        new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    return new String(process.getInputStream().readAllBytes(), UTF_8);
  }

  /** Another process, which tells of each one it is given, and of itself, whether it lives. */
  static final class Asks {
    private Asks() {}

    public static void main(String[] keys) {
      StringBuilder answers = new StringBuilder();
      for (String key : keys) {
        answers.append(Journal.ProcessKey.parse(key).orElseThrow().alive()).append(' ');
      }
      answers.append(Journal.ProcessKey.of(ProcessHandle.current().pid()).alive());
      System.out.println(answers + " " + ProcStatus.membersOf(Long.MAX_VALUE));
    }
  }
}
