package io.overlaysdk.it;

import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Image;
import io.overlaysdk.Overlay;
import io.overlaysdk.Session;
import io.overlaysdk.SessionSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A program that uses the SDK in a virtual machine of its own, whose locale is C. */
final class CLocaleCaller {
  /** What is printed: words, values of variables, a directory, what the tools were told. */
  static final List<String> EXPECTED;

  static {
    List<String> expected = new ArrayList<>(Words.AWKWARD);
    expected.addAll(List.of("é\n日本語", "\ud83d\ude80 ", "/srv/ü", "hidden", "hidden"));
    EXPECTED = List.copyOf(expected);
  }

  private CLocaleCaller() {}

  /** Starts it, and returns what it printed. */
  static List<String> run(String backend, Path sif, Path directory) throws IOException {
    return Words.split(
        Jvm.run(
            CLocaleCaller::surround,
            CLocaleCaller.class,
            backend,
            sif.toString(),
            directory.toString()));
  }

  private static void surround(Map<String, String> environment) {
    environment.keySet().removeIf(name -> name.equals("LANG") || name.startsWith("LC_"));
    environment.put("LC_ALL", "C");
    for (String prefix : List.of("APPTAINER", "SINGULARITY")) {
      environment.put(prefix + "ENV_LEAKED", "leaked");
      environment.put(prefix + "_BIND", "/etc:/leaked");
    }
  }

  /** Prints what arrived inside, each with a NUL behind it. */
  public static void main(String[] arguments) throws IOException {
    Path directory = Path.of(arguments[2]);
    try (Bench bench = Bench.of(arguments[0], directory)) {
      SessionSpec spec =
          bench
              .on(Image.at(Path.of(arguments[1])))
              .overlay(Overlay.ephemeral())
              .variable("OF_SESSION", "é\n日本語");
      try (Session session = bench.start(spec)) {
        session.run("mkdir", "/srv/ü").orThrow();
        List<String> words =
            new ArrayList<>(
                List.of(
                    "sh",
                    "-c",
                    "printf '%s\\0' \"$@\" \"$OF_SESSION\" \"$OF_COMMAND\" \"$PWD\""
                        + " \"${LEAKED-hidden}\" \"$(test -e /leaked || echo hidden)\"",
                    "sh"));
        words.addAll(Words.AWKWARD);
        Command command =
            Command.of(words)
                .variable("OF_COMMAND", "\ud83d\ude80 ")
                .directory(ContainerPath.of("/srv/ü"));
        System.out.writeBytes(session.run(command).orThrow().stdoutBytes());
      }
    }
    System.out.flush();
  }
}
