package io.overlaysdk.it.processes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** An ext3 image, as the tools of e2fsprogs see it. */
final class Ext3 {
  private final Path file;

  Ext3(Path file) {
    this.file = file;
  }

  /** That whoever wrote to it let go of it in order. */
  void assertClean() {
    assertEquals(List.of(), problems());
  }

  /** What shows that somebody has it mounted still, or was killed while it was. */
  List<String> problems() {
    List<String> problems = new ArrayList<>();
    String superblock = ask("dumpe2fs", "-h", file.toString());
    if (!superblock.matches("(?s).*Filesystem state: +clean\n.*")) {
      problems.add("it is not clean: " + superblock);
    }
    if (superblock.contains("needs_recovery")) {
      problems.add("its journal has to be replayed");
    }
    int status = status("e2fsck", "-f", "-n", file.toString());
    if (status != 0) {
      problems.add("e2fsck ends with " + status);
    }
    return problems;
  }

  /** What a file in the upper directory holds. */
  String upper(String path) {
    return ask("debugfs", "-R", "cat /upper" + path, file.toString());
  }

  private static String ask(String... words) {
    try {
      Process process = start(words);
      String answer = new String(process.getInputStream().readAllBytes(), UTF_8);
      process.waitFor();
      return answer;
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static int status(String... words) {
    try {
      Process process = start(words);
      process.getInputStream().readAllBytes();
      return process.waitFor();
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** A plain user's PATH lacks the directory in which these are. */
  private static Process start(String... words) throws IOException {
    words[0] = "/usr/sbin/" + words[0];
    return new ProcessBuilder(words).redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }
}
