package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The script inside, on every shell that is here: images have dash, bash or busybox ash. */
class CommandScriptTest {
  private static final ContainerPath ROOT = ContainerPath.of("/");

  @TempDir Path directory;

  static Stream<List<String>> shells() {
    return Stream.of(
            List.of("/bin/dash"), List.of("/bin/bash", "--posix"), List.of("/bin/busybox", "sh"))
        .filter(words -> Files.isExecutable(Path.of(words.get(0))));
  }

  @ParameterizedTest
  @MethodSource("shells")
  void passesEveryWordVerbatim(List<String> shell) throws Exception {
    List<String> words =
        List.of(
            "",
            " ",
            " a b ",
            "'",
            "\"",
            "`id`",
            "$HOME",
            "$(id)",
            "\\",
            "\\n",
            "a\nb",
            "\n",
            "\n\n",
            "+",
            "+a\n+b",
            "w",
            ";",
            "-",
            "--",
            "-n",
            "*",
            "é",
            "日本",
            "\u0001\u007f",
            "\t",
            "~",
            "a=b");
    List<String> command = new ArrayList<>(List.of("printf", "<%s>"));
    command.addAll(words);
    Run run = run(shell, Command.of(command), Map.of());
    StringBuilder expected = new StringBuilder();
    words.forEach(word -> expected.append('<').append(word).append('>'));
    assertEquals(expected.toString(), new String(run.stdout, UTF_8));
    assertEquals("0\n", run.status());
  }

  @ParameterizedTest
  @MethodSource("shells")
  void passesEveryByteThatATextCanHold(List<String> shell) throws Exception {
    StringBuilder all = new StringBuilder();
    for (int c = 1; c < 0x180; c++) {
      all.append((char) c);
    }
    Run run = run(shell, Command.of("printf", "%s", all.toString()), Map.of());
    assertArrayEquals(all.toString().getBytes(UTF_8), run.stdout);
  }

  @ParameterizedTest
  @MethodSource("shells")
  void passesVariablesVerbatim(List<String> shell) throws Exception {
    Map<String, String> variables =
        Map.of("A", "x y\nz '$HOME' `id` \\", "line", "mine", "IFS", "n", "E", "", "U", "é");
    Run run = run(shell, Command.of("env", "-0"), variables);
    List<String> environment = List.of(new String(run.stdout, UTF_8).split("\0"));
    variables.forEach(
        (name, value) ->
            assertTrue(environment.contains(name + "=" + value), name + " in " + environment));
    assertFalse(environment.toString().contains("overlaysdk_"), environment.toString());
  }

  @ParameterizedTest
  @MethodSource("shells")
  void takesNoWordForAShellBuiltin(List<String> shell) throws Exception {
    assertEquals("127\n", run(shell, Command.of("exit", "3"), Map.of()).status());
    assertEquals("127\n", run(shell, Command.of("nosuchprogram"), Map.of()).status());
    assertEquals("126\n", run(shell, Command.of("/etc/passwd"), Map.of()).status());
  }

  @ParameterizedTest
  @MethodSource("shells")
  void reportsTheStatusOfTheCommand(List<String> shell) throws Exception {
    assertEquals("255\n", run(shell, Command.of("sh", "-c", "exit 255"), Map.of()).status());
    assertEquals("143\n", run(shell, Command.of("sh", "-c", "kill -TERM $$"), Map.of()).status());
    assertEquals(
        "143\n",
        run(shell, Command.of("sh", "-c", "kill -TERM $PPID; kill $$"), Map.of()).status());
  }

  @ParameterizedTest
  @MethodSource("shells")
  void startsInTheDirectoryOrSaysThatItIsMissing(List<String> shell) throws Exception {
    Path odd = Files.createDirectory(directory.resolve("odd \n $dir"));
    Run there = run(shell, Command.of("pwd"), Map.of(), ContainerPath.of(odd.toString()));
    assertEquals(odd + "\n", new String(there.stdout, UTF_8));
    Run missing = run(shell, Command.of("pwd"), Map.of(), ContainerPath.of("/no/such"));
    assertEquals(List.of("directory"), missing.tidings());
  }

  /**
   * @param tidings what was told beside the output, without that the command has started
   */
  private record Run(byte[] stdout, List<String> tidings) {
    String status() {
      return tidings.get(tidings.size() - 1) + "\n";
    }
  }

  private Run run(List<String> shell, Command command, Map<String, String> variables)
      throws Exception {
    return run(shell, command, variables, ROOT);
  }

  private Run run(
      List<String> shell, Command command, Map<String, String> variables, ContainerPath start)
      throws Exception {
    Files.deleteIfExists(directory.resolve("1.end"));
    Files.write(
        directory.resolve("1.request"), ControlDirectory.request(command, variables, start, false));
    List<String> words = new ArrayList<>(shell);
    words.addAll(List.of("-c", Scripts.COMMAND, "overlay-sdk", directory + "/1"));
    Process process =
        new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    process.getOutputStream().close();
    byte[] stdout = process.getInputStream().readAllBytes();
    process.waitFor();
    return new Run(stdout, Files.readAllLines(directory.resolve("1.end")));
  }
}
