package io.overlaysdk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandTest {
  private static final Command LS = Command.of("ls");

  @Test
  void keepsTheWordsVerbatim() {
    List<String> words =
        List.of("sh", "", " a b ", "\"'`$HOME;&|*", "-x", "--", "a\nb\t", "\u00e9\ud83d\ude00");
    assertEquals(words, Command.of(words).words());
    assertEquals(words, Command.of(words.toArray(String[]::new)).words());
  }

  @Test
  void doesNotChangeWithTheListItWasMadeFrom() {
    List<String> words = new ArrayList<>(List.of("ls", "-l"));
    Command command = Command.of(words);
    words.set(0, "rm");
    assertEquals(List.of("ls", "-l"), command.words());
    assertThrows(UnsupportedOperationException.class, () -> command.words().clear());
  }

  @Test
  void refusesACommandWithoutProgram() {
    assertEquals(
        "a command needs a program as its first word: []", refusal(() -> Command.of(List.of())));
    assertEquals(
        "a command needs a program as its first word: [, a]", refusal(() -> Command.of("", "a")));
    assertThrows(InvalidSpecException.class, Command::of);
  }

  @Test
  void refusesWordsThatNoProgramCanGet() {
    assertEquals(
        "nothing that a program is given can hold a NUL: a word of the command: \"a\\0b\"",
        refusal(() -> Command.of("ls", "a\0b")));
    assertTrue(refusal(() -> Command.of("ls", "\udc00")).contains("surrogate"));
  }

  @Test
  void refusesNull() {
    assertThrows(NullPointerException.class, () -> Command.of("ls", null));
    assertThrows(NullPointerException.class, () -> LS.variable(null, ""));
    assertThrows(NullPointerException.class, () -> LS.variable("A", null));
    assertThrows(NullPointerException.class, () -> LS.directory(null));
    assertThrows(NullPointerException.class, () -> LS.stdin((byte[]) null));
    assertThrows(NullPointerException.class, () -> LS.stdin((Path) null));
    assertThrows(NullPointerException.class, () -> LS.timeLimit(null));
  }

  @Test
  void theRunscriptIsThatOfTheImage() {
    assertEquals(
        List.of("/.singularity.d/runscript", "a", "b c"), Command.runscript("a", "b c").words());
  }

  @Test
  void keepsVariablesInTheirOrderAndTheLastValue() {
    Command command = LS.variable("Z", "1").variable("A", "").variable("Z", "a=b\nc");
    Map<String, String> expected = new LinkedHashMap<>();
    expected.put("Z", "a=b\nc");
    expected.put("A", "");
    assertEquals(List.copyOf(expected.entrySet()), List.copyOf(command.variables().entrySet()));
    assertThrows(UnsupportedOperationException.class, () -> command.variables().clear());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "1A", "A B", "A=B", "A-B", "A.B", "\u00e9", "A\0", "BASH_FUNC_x%%"})
  void refusesNamesThatNoShellExports(String name) {
    String message = refusal(() -> LS.variable(name, "x"));
    assertTrue(message.startsWith("\"" + name + "\" cannot be the name"), message);
  }

  @Test
  void refusesValuesThatNoProgramCanGet() {
    assertTrue(
        refusal(() -> LS.variable("A", "x\0"))
            .contains("the value of the environment variable A holds a NUL"));
    String message = refusal(() -> LS.variable("A", "s3cret\ud800"));
    assertTrue(message.contains("surrogate"), message);
    assertFalse(message.contains("s3cret"), message);
  }

  @Test
  void readsNothingUnlessItIsGivenSomething() {
    assertEquals(Optional.empty(), LS.stdinBytes());
    assertEquals(Optional.empty(), LS.stdinFile());
    assertFalse(LS.inheritsIo());
  }

  @Test
  void readsACopyOfTheBytes() {
    byte[] bytes = {1, 2};
    Command command = LS.stdin(bytes);
    bytes[0] = 9;
    command.stdinBytes().orElseThrow()[1] = 9;
    assertArrayEquals(new byte[] {1, 2}, command.stdinBytes().orElseThrow());
    assertEquals(Optional.empty(), command.stdinFile());
  }

  @Test
  void theLastInputWins() {
    Command command = LS.stdin(new byte[1]).stdin(Path.of("in"));
    assertEquals(Optional.of(Path.of("in")), command.stdinFile());
    assertEquals(Optional.empty(), command.stdinBytes());
  }

  @Test
  void eachMethodKeepsTheRest() {
    Command command =
        LS.variable("A", "1")
            .directory(ContainerPath.of("/d"))
            .stdin(Path.of("in"))
            .timeLimit(Duration.ofSeconds(2))
            .inheritIo();
    for (Command same :
        List.of(
            command.variable("A", "1"),
            command.directory(ContainerPath.of("/d")),
            command.stdin(Path.of("in")),
            command.timeLimit(Duration.ofSeconds(2)),
            command.inheritIo())) {
      assertEquals(command, same);
    }
    assertEquals(List.of("ls"), command.words());
    assertEquals(Map.of("A", "1"), command.variables());
    assertEquals(Optional.of(ContainerPath.of("/d")), command.directory());
    assertEquals(Optional.of(Path.of("in")), command.stdinFile());
    assertEquals(Optional.of(Duration.ofSeconds(2)), command.timeLimit());
    assertTrue(command.inheritsIo());
  }

  @Test
  void isNotChangedByItsMethods() {
    LS.variable("A", "1").directory(ContainerPath.of("/d")).stdin(new byte[1]).inheritIo();
    assertEquals(Command.of("ls"), LS);
    assertEquals(Map.of(), LS.variables());
  }

  @Test
  void refusesATimeLimitThatIsNotPositive() {
    assertTrue(refusal(() -> LS.timeLimit(Duration.ZERO)).contains("PT0S"));
    assertTrue(refusal(() -> LS.timeLimit(Duration.ofMillis(-1))).contains("PT-0.001S"));
  }

  @Test
  void isEqualWhereAllItsPartsAre() {
    assertEquals(LS.stdin(new byte[] {1}), LS.stdin(new byte[] {1}));
    assertEquals(LS.stdin(new byte[] {1}).hashCode(), LS.stdin(new byte[] {1}).hashCode());
    assertNotEquals(LS.stdin(new byte[] {1}), LS.stdin(new byte[] {2}));
    assertNotEquals(LS, LS.inheritIo());
    assertNotEquals(LS, LS.variable("A", ""));
    assertNotEquals(LS, Command.of("ls", ""));
    assertNotEquals(LS, LS.directory(ContainerPath.of("/")));
    assertNotEquals(LS, LS.timeLimit(Duration.ofDays(1)));
  }

  @Test
  void printsItsWords() {
    assertEquals("[ls, -l]", Command.of("ls", "-l").toString());
    assertEquals("[tool, --password=***]", Command.of("tool", "--password=abc").toString());
  }

  private static String refusal(Executable action) {
    return assertThrows(InvalidSpecException.class, action).getMessage();
  }
}
