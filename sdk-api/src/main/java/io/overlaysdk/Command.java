package io.overlaysdk;

import io.overlaysdk.spi.Secrets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A program and its arguments, as execve(2) takes them: each word arrives in the container as it is
 * here, byte for byte in UTF-8. No shell looks at the words; for a pipe or a wildcard, name the
 * shell yourself: {@code Command.of("sh", "-c", "ls *.txt | wc -l")}.
 *
 * <p>Immutable: each method returns a new command.
 */
public final class Command {
  /** Where a definition file's {@code %runscript} lies in an image that was built from it. */
  private static final String RUNSCRIPT = "/.singularity.d/runscript";

  private record Parts(
      List<String> words,
      Map<String, String> variables,
      Optional<ContainerPath> directory,
      Optional<Stdin> stdin,
      boolean inheritsIo,
      Optional<Duration> timeLimit) {}

  /** What a command reads: bytes that are at hand, or a file of the host. */
  private sealed interface Stdin {
    record Bytes(byte[] bytes) implements Stdin {
      @Override
      public boolean equals(Object other) {
        return other instanceof Bytes that && Arrays.equals(bytes, that.bytes);
      }

      @Override
      public int hashCode() {
        return Arrays.hashCode(bytes);
      }
    }

    record File(Path path) implements Stdin {
      public File {
        Objects.requireNonNull(path, "file");
      }
    }
  }

  private final Parts parts;

  private Command(Parts parts) {
    this.parts = parts;
  }

  /**
   * The command of these words; the first is the program.
   *
   * @throws InvalidSpecException where there is no word, the first is empty, or one holds a NUL or
   *     half of a surrogate pair
   */
  public static Command of(String... words) {
    return of(List.of(words));
  }

  /**
   * The command of these words; the first is the program.
   *
   * @throws InvalidSpecException where there is no word, the first is empty, or one holds a NUL or
   *     half of a surrogate pair
   */
  public static Command of(List<String> words) {
    List<String> copy = List.copyOf(words);
    if (copy.isEmpty() || copy.get(0).isEmpty()) {
      throw new InvalidSpecException("a command needs a program as its first word: " + copy);
    }
    copy.forEach(word -> Texts.requirePassable("a word of the command", word));
    return new Command(
        new Parts(copy, Map.of(), Optional.empty(), Optional.empty(), false, Optional.empty()));
  }

  /** The runscript of the image, with these arguments: what {@code apptainer run} runs. */
  public static Command runscript(String... arguments) {
    String[] words = new String[arguments.length + 1];
    words[0] = RUNSCRIPT;
    System.arraycopy(arguments, 0, words, 1, arguments.length);
    return of(words);
  }

  /**
   * With one environment variable more. It wins over a variable of the session.
   *
   * @throws InvalidSpecException where no shell can export the name, or the value holds a NUL
   */
  public Command variable(String name, String value) {
    return with(
        Names.with(parts.variables, name, value), parts.directory, parts.stdin, parts.timeLimit);
  }

  /** Started in this directory instead of the session's. */
  public Command directory(ContainerPath directory) {
    return with(parts.variables, Optional.of(directory), parts.stdin, parts.timeLimit);
  }

  /** Reads these bytes on its standard input. Without this a command reads nothing. */
  public Command stdin(byte[] bytes) {
    return with(
        parts.variables,
        parts.directory,
        Optional.of(new Stdin.Bytes(bytes.clone())),
        parts.timeLimit);
  }

  /** Reads this file of the host on its standard input. */
  public Command stdin(Path file) {
    return with(
        parts.variables, parts.directory, Optional.of(new Stdin.File(file)), parts.timeLimit);
  }

  /**
   * Uses the standard streams of the JVM's own process, as {@link ProcessBuilder#inheritIO} does:
   * the result then holds no output. What was given to {@code stdin} is not used.
   */
  public Command inheritIo() {
    return new Command(
        new Parts(
            parts.words, parts.variables, parts.directory, parts.stdin, true, parts.timeLimit));
  }

  /**
   * Ended with all its children when it runs longer than this; overrides the session's limit. The
   * time begins when the command is started, after those that it has to wait for ({@link
   * CommandMode#SEPARATE}).
   *
   * @throws InvalidSpecException where the limit is not positive
   */
  public Command timeLimit(Duration limit) {
    return with(parts.variables, parts.directory, parts.stdin, Optional.of(requirePositive(limit)));
  }

  private Command with(
      Map<String, String> variables,
      Optional<ContainerPath> directory,
      Optional<Stdin> stdin,
      Optional<Duration> timeLimit) {
    return new Command(
        new Parts(parts.words, variables, directory, stdin, parts.inheritsIo, timeLimit));
  }

  static Duration requirePositive(Duration limit) {
    if (limit.isNegative() || limit.isZero()) {
      throw new InvalidSpecException("a time limit must be longer than nothing: " + limit);
    }
    return limit;
  }

  /** The program and its arguments; never empty. */
  public List<String> words() {
    return parts.words;
  }

  /** The variables of this command alone, in the order in which they were given. */
  public Map<String, String> variables() {
    return parts.variables;
  }

  /** Where it starts, unless where the session says. */
  public Optional<ContainerPath> directory() {
    return parts.directory;
  }

  /** A copy of the bytes that it reads, where bytes were given. */
  public Optional<byte[]> stdinBytes() {
    return parts
        .stdin
        .filter(Stdin.Bytes.class::isInstance)
        .map(in -> ((Stdin.Bytes) in).bytes.clone());
  }

  /** The file of the host that it reads, where one was given. */
  public Optional<Path> stdinFile() {
    return parts.stdin.filter(Stdin.File.class::isInstance).map(in -> ((Stdin.File) in).path);
  }

  /** Whether it uses the standard streams of the JVM's process. */
  public boolean inheritsIo() {
    return parts.inheritsIo;
  }

  /** Its own time limit, if it has one. */
  public Optional<Duration> timeLimit() {
    return parts.timeLimit;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Command command && parts.equals(command.parts);
  }

  @Override
  public int hashCode() {
    return parts.hashCode();
  }

  /** The words, for people; not a line that a shell could run. */
  /** The words, as people may see them: {@link Secrets}. */
  @Override
  public String toString() {
    return Secrets.masked(parts.words).toString();
  }
}
