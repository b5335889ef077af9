package io.overlaysdk.yaml;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkflowErrorsTest {
  private static final String DECLARED =
      """
      images:
        base: {path: base.sif, definition: base.def}
        plain: {path: plain.sif}
        remote: {uri: docker://debian:12}
        root: {host: true}
      overlays:
        mine: {path: my_overlay}
        temporary: {ephemeral: true}
      steps:
      """;

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{build: bas}          | 13 | steps[0].build | no image is declared as \"bas\"; did you mean"
            + " \"base\"? declared are: base, plain, remote, root",
        "{create: yours}       | 14 | steps[0].create | no overlay is declared as \"yours\"; declared"
            + " are: mine, temporary",
        "{show: base}          | 12 | steps[0].show | no overlay is declared as \"base\"",
        "{unchanged: mine}     | 17 | steps[0].unchanged | no image is declared as \"mine\"",
        "{build: plain}        | 13 | steps[0].build | its declaration names no definition file",
        "{build: remote}       | 13 | steps[0].build | cannot build docker://debian:12",
        "{build: root}         | 13 | steps[0].build | cannot build host",
        "{unchanged: root}     | 17 | steps[0].unchanged | cannot take the SHA-256 of host",
        "{create: temporary}   | 14 | steps[0].create | cannot create an ephemeral overlay",
        "{show: temporary}     | 12 | steps[0].show | cannot show an ephemeral overlay",
        "{name: x}             | 5  | steps[0] | a step has one of build, create, run, show, unchanged;"
            + " here is none of them",
        "{build: base, show: mine} | 19 | steps[0].show | here are build and show",
        "{bild: base}          | 6  | steps[0].bild | did you mean \"build\"?",
        "{build: base, expect: {}} | 19 | steps[0].expect | known here: name, build, existing",
        "{show: mine, existing: keep} | 18 | steps[0].existing | unknown key",
        "{build: base, existing: kep} | 29 | steps[0].existing | did you mean \"keep\"? known here:"
            + " refuse, keep, replace",
        "{name: '', show: mine} | 12 | steps[0].name | this cannot be empty",
        "text                  | 5  | steps[0] | expected keys with values, found the text \"text\"",
        "{show: mine, expect: {status: 0}} | 27 | steps[0].expect.status | unknown key",
        "{run: base}           | 11 | steps[0].run | expected keys with values",
        "{run: {command: [a]}} | 11 | steps[0].run | the key \"image\" is missing",
        "{run: {image: base}}  | 11 | steps[0].run | a run has one of command, commands, runscript",
        "{run: {image: base, command: [a], runscript: true}} | 39 | steps[0].run.runscript | here are"
            + " command and runscript",
        "{run: {imgae: base, command: [a]}} | 12 | steps[0].run.imgae | did you mean \"image\"?",
        "{run: {image: bse, command: [a]}} | 19 | steps[0].run.image | no image is declared",
        "{run: {image: base, command: ls -l}} | 34 | steps[0].run.command | a command is a list of"
            + " words, because no shell splits a text",
        "{run: {image: base, command: []}} | 34 | steps[0].run.command | needs a program",
        "{run: {image: base, command: [a, [b]]}} | 38 | steps[0].run.command[1] | expected a text",
        "{run: {image: base, command: [a, ~]}} | 38 | steps[0].run.command[1] | expected a text",
        "{run: {image: base, command: [a, \"\\0\"]}} | 34 | steps[0].run.command | can hold a NUL",
        "{run: {image: base, commands: []}} | 35 | steps[0].run.commands | at least one command",
        "{run: {image: base, commands: [a]}} | 36 | steps[0].run.commands[0] | is a list of words",
        "{run: {image: base, commands: [[a]], stdin: x}} | 42 | steps[0].run.stdin | for one command",
        "{run: {image: base, runscript: false}} | 36 | steps[0].run.runscript | true or a list",
        "{run: {image: base, runscript: yes}} | 36 | steps[0].run.runscript | found yes",
        "{run: {image: base, command: [a], fakeroot: yes}} | 49 | steps[0].run.fakeroot | expected"
            + " true or false, found yes",
        "{run: {image: base, command: [a], gpu: cuda}} | 44 | steps[0].run.gpu | known here: nvidia,"
            + " amd",
        "{run: {image: base, command: [a], network: off}} | 48 | steps[0].run.network | known here:"
            + " host, none",
        "{run: {image: base, command: [a], directory: app}} | 50 | steps[0].run.directory | must be"
            + " absolute: \"app\"",
        "{run: {image: base, command: [a], time-limit: 5}} | 51 | steps[0].run.time-limit | such as"
            + " 90s",
        "{run: {image: base, command: [a], environment: {a-b: c}}} | 53 | steps[0].run.environment.a-b"
            + " | cannot be the name of an environment variable",
        "{run: {image: base, command: [a], overlays: [yours]}} | 50 | steps[0].run.overlays[0] | no"
            + " overlay is declared",
        "{run: {image: base, command: [a], overlays: mine}} | 49 | steps[0].run.overlays | expected a"
            + " list",
        "{run: {image: base, command: [a], overlays: [mine, temporary]}} | 56 |"
            + " steps[0].run.overlays[1] | two overlays cannot both be written to",
        "{run: {image: base, command: [a], overlays: [{overlay: temporary, access: read-only}]}} | 79 |"
            + " steps[0].run.overlays[0].access | an ephemeral overlay that is read-only",
        "{run: {image: base, command: [a], overlays: [{overlay: mine, access: ro}]}} | 74 |"
            + " steps[0].run.overlays[0].access | known here: read-only, read-write",
        "{run: {image: base, command: [a]}, expect: {status: ok}} | 57 | steps[0].expect.status |"
            + " expected a whole number in plain digits, found the text \"ok\"",
        "{run: {image: base, command: [a]}, expect: {status: 256}} | 57 | steps[0].expect.status | from"
            + " 0 to 255",
        "{run: {image: base, command: [a]}, expect: {status: 010}} | 57 | steps[0].expect.status |"
            + " found the number 010",
        "{run: {image: base, command: [a]}, expect: {stdout: [a]}} | 57 | steps[0].expect.stdout |"
            + " expected a text",
      })
  void refusesAStepThatIsWrong(String step, int column, String keyPath, String problem)
      throws IOException {
    Files.writeString(directory.resolve("base.def"), "Bootstrap: scratch\n");
    Written.to(directory, DECLARED + "  - " + step + "\n")
        .workflowFailsAt(10, column, keyPath, problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "images: {a: {}}                    | 13 | images.a | an image has one of path, uri, host",
        "images: {a: {path: x, uri: y://z}} | 23 | images.a.uri | here are path and uri",
        "images: {a: a.sif}                 | 13 | images.a | expected keys with values",
        "images: {a: {path: ''}}            | 20 | images.a.path | this cannot be empty",
        "images: {a: {uri: debian}}         | 19 | images.a.uri | needs a scheme",
        "images: {a: {uri: 'x://a b'}}      | 19 | images.a.uri | not an image URI",
        "images: {a: {host: false}}         | 20 | images.a.host | expected true",
        "images: {a: {host: true, definition: d}} | 26 | images.a.definition | only an image with a"
            + " path",
        "images: {a: {path: x, definition: none.def}} | 35 | images.a.definition | missing file: there"
            + " is no definition file",
        "images: [a]                        | 9  | images | expected keys with values, found a list",
        "overlays: {a: {}}                  | 15 | overlays.a | an overlay has one of path, ephemeral",
        "overlays: {a: {ephemeral: false}}  | 27 | overlays.a.ephemeral | expected true or a size",
        "overlays: {a: {ephemeral: 1K}}     | 27 | overlays.a.ephemeral | at least 1 MiB",
        "overlays: {a: {ephemeral: 64m}}    | 27 | overlays.a.ephemeral | expected a size",
        "overlays: {a: {ephemeral: true, size: 1G}} | 33 | overlays.a.size | ephemeral: 256M",
        "overlays: {a: {path: x, size: 1K}} | 31 | overlays.a.size | at least 1M",
        "steps: []                          | 8  | steps | at least one step",
        "steps:                             | 7  | steps | expected a list, found nothing",
        "version: 3                         | 10 | version | version 3 is not known here",
        "name: [a]                          | 7  | name | expected a text",
      })
  void refusesADeclarationThatIsWrong(String text, int column, String keyPath, String problem)
      throws IOException {
    String steps = text.startsWith("steps") ? "" : "\nsteps: [{show: a}]";
    Written.to(directory, text + steps + "\n").workflowFailsAt(1, column, keyPath, problem);
  }

  @Test
  void refusesAWorkflowWithoutSteps() throws IOException {
    Written.to(directory, "name: x\n").workflowFailsAt(1, 1, "", "the key \"steps\" is missing");
    Written.to(directory, "# x\n").workflowFailsAt(0, 0, "", "there is no workflow in this file");
  }

  @Test
  void saysWhatToDoWhereNothingIsDeclared() throws IOException {
    Written.to(directory, "steps: [{show: a}]\n")
        .workflowFailsAt(
            1,
            16,
            "steps[0].show",
            "no overlay is declared as \"a\"; declare it under \"overlays\"");
  }
}
