package io.overlaysdk.it;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Overlay;
import io.overlaysdk.Result;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a program is given inside is what the caller wrote, byte for byte. */
@ExtendWith(Images.Shared.class)
class VerbatimIT {
  private static final String PRINT_WORDS = "printf '%s\\0' \"$@\"";

  @TempDir private Path temp;

  @OnEachBackend
  void passesEveryWordAsItIs(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp);
        Session session = bench.start(bench.on(images.tutorial()))) {
      Words.assertSame(Words.AWKWARD, Words.split(session.run(printing(Words.AWKWARD))));

      for (String word : List.of("", "\n", "-c")) {
        Words.assertSame(List.of(word), Words.split(session.run(printing(List.of(word)))));
      }
    }
  }

  @OnEachBackend
  void passesLongWordsAndLongCommands(String backend, Images images) throws Exception {
    List<String> words = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      words.add(i + ("x".repeat(99) + "\n").repeat(1000) + "é".repeat(2000));
    }
    try (Bench bench = Bench.of(backend, temp);
        Session session = bench.start(bench.on(images.tutorial()))) {
      Result result = session.run(printing(words)).orThrow();

      assertEquals(words, Words.split(result));
    }
  }

  @OnEachBackend
  void passesVariablesOfTheSessionAndOfTheCommandAsTheyAre(String backend, Images images)
      throws Exception {
    try (Bench bench = Bench.of(backend, temp)) {
      SessionSpec spec = bench.on(images.tutorial());
      Command command = Command.of("cat", "/proc/self/environ");
      List<String> expected = new ArrayList<>();
      for (int i = 0; i < Words.AWKWARD.size(); i++) {
        String value = Words.AWKWARD.get(i);
        spec = spec.variable("OF_SESSION_" + i, value).variable("WON_" + i, "lost");
        command = command.variable("OF_COMMAND_" + i, value).variable("WON_" + i, value);
        expected.addAll(List.of("OF_SESSION_" + i + "=" + value, "WON_" + i + "=" + value));
        expected.add("OF_COMMAND_" + i + "=" + value);
      }
      try (Session session = bench.start(spec)) {
        List<String> variables = Words.split(session.run(command).orThrow());

        Words.assertSame(
            expected.stream().sorted().toList(),
            variables.stream().filter(v -> v.matches("(?s)(OF|WON)_.*")).sorted().toList());
      }
    }
  }

  @OnEachBackend
  void passesVariablesWhoseNamesMeanSomethingToShellsAndTools(String backend, Images images)
      throws Exception {
    List<String> names =
        List.of(
            "PATH",
            "HOME",
            "USER",
            "LOGNAME",
            "SHELL",
            "IFS",
            "PS1",
            "ENV",
            "CDPATH",
            "LANG",
            "LC_ALL",
            "TERM",
            "TMPDIR",
            "LD_LIBRARY_PATH",
            "PROMPT_COMMAND",
            "OPTARG",
            "HOSTNAME",
            "APPTAINER_NAME",
            "SINGULARITY_BIND",
            "APPTAINERENV_X",
            "name",
            "_x");
    Command command = Command.of("/bin/cat", "/proc/self/environ");
    for (String name : names) {
      command = command.variable(name, "/of " + name);
    }
    try (Bench bench = Bench.of(backend, temp);
        Session session = bench.start(bench.on(images.tutorial()))) {
      Words.assertSame(
          names.stream().map(name -> name + "=/of " + name).sorted().toList(),
          Words.split(session.run(command).orThrow()).stream()
              .filter(v -> names.contains(v.split("=")[0]))
              .sorted()
              .toList());
    }
  }

  @OnEachBackend
  void passesStandardInputAndOutputAsTheyAre(String backend, Images images) throws Exception {
    byte[] bytes = new byte[1 << 20];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 31 + i / 256);
    }
    try (Bench bench = Bench.of(backend, temp);
        Session session = bench.start(bench.on(images.tutorial()))) {
      Result result = session.run(Command.of("cat").stdin(bytes)).orThrow();
      Result none = session.run("cat").orThrow();

      assertArrayEquals(bytes, result.stdoutBytes());
      assertEquals("", result.stderr());
      assertEquals("", none.stdout());
    }
  }

  @OnEachBackend
  void startsInDirectoriesWithAwkwardNames(String backend, Images images) throws Exception {
    try (Bench bench = Bench.of(backend, temp);
        Session session = bench.start(bench.on(images.tutorial()).overlay(Overlay.ephemeral()))) {
      for (String name : List.of("-n", " a  b ", "a\nb\n", "$HOME`id`", "\"'\\", "é,=:")) {
        session.run("mkdir", "-p", "/srv/" + name).orThrow();
        Command command = Command.of("pwd").directory(ContainerPath.of("/srv/" + name));

        assertEquals("/srv/" + name + "\n", session.run(command).orThrow().stdout());
      }
    }
  }

  @OnEachBackend
  void passesBytesFromAVirtualMachineInTheCLocale(String backend, Images images) throws Exception {
    List<String> printed = CLocaleCaller.run(backend, images.tutorialFile(), temp);

    assertEquals(CLocaleCaller.EXPECTED, printed);
  }

  private static Command printing(List<String> words) {
    List<String> all = new ArrayList<>(List.of("sh", "-c", PRINT_WORDS, "sh"));
    all.addAll(words);
    return Command.of(all);
  }
}
