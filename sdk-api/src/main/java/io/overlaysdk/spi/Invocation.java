package io.overlaysdk.spi;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A program to be started on the host: closer to execve(2) than to a line for a shell. No shell
 * looks at the arguments.
 *
 * @param executable the program, an absolute path
 * @param arguments each as the program gets it
 * @param environment the variables that are set for it, on top of the few that the engine passes
 *     on: {@code PATH}, {@code HOME}, {@code USER}, {@code LOGNAME}, {@code TMPDIR}, {@code
 *     XDG_RUNTIME_DIR}, the locale, and {@code TERM} where it gets the terminal too
 */
public record Invocation(Path executable, List<String> arguments, Map<String, String> environment) {
  public Invocation {
    if (!executable.isAbsolute()) {
      throw new IllegalArgumentException("an executable must be an absolute path: " + executable);
    }
    arguments = List.copyOf(arguments);
    environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
  }

  /** A program that gets no variables of its own. */
  public static Invocation of(Path executable, List<String> arguments) {
    return new Invocation(executable, arguments, Map.of());
  }

  /**
   * A program that gets no variables of its own.
   *
   * @param words the executable and the arguments
   * @throws IllegalArgumentException without an executable
   */
  public static Invocation of(List<String> words) {
    if (words.isEmpty()) {
      throw new IllegalArgumentException("an invocation needs an executable");
    }
    return of(Path.of(words.get(0)), words.subList(1, words.size()));
  }

  /** The executable and the arguments, as one list. */
  public List<String> words() {
    List<String> words = new ArrayList<>(arguments.size() + 1);
    words.add(executable.toString());
    words.addAll(arguments);
    return Collections.unmodifiableList(words);
  }

  /** The words and the names of the variables, without what may be a secret. */
  @Override
  public String toString() {
    return "Invocation" + Secrets.masked(words()) + " with " + environment.keySet();
  }
}
