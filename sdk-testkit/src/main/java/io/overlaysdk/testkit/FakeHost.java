package io.overlaysdk.testkit;

import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Identity;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A machine that holds what a test tells it and nothing else: a program that was not told is not
 * installed, a file that was not told is not there. Immutable: each method returns a new machine.
 */
public final class FakeHost implements Host {
  /** In the words of an answer: whatever stands there, such as a script. */
  public static final String ANY = "(any word)";

  private final String os;
  private final String architecture;
  private final Identity identity;
  private final Map<String, Path> programs;
  private final Map<List<String>, Answer> answers;
  private final Map<Path, String> files;
  private final Set<Path> writable;

  private FakeHost(
      String os,
      String architecture,
      Identity identity,
      Map<String, Path> programs,
      Map<List<String>, Answer> answers,
      Map<Path, String> files,
      Set<Path> writable) {
    this.os = Objects.requireNonNull(os, "os");
    this.architecture = Objects.requireNonNull(architecture, "architecture");
    this.identity = Objects.requireNonNull(identity, "identity");
    this.programs = programs;
    this.answers = answers;
    this.files = files;
    this.writable = writable;
  }

  /** A Linux machine for amd64 on which {@link Identities#plainUser()} has nothing installed. */
  public static FakeHost linux() {
    return os("Linux");
  }

  /** As {@link #linux()}, with another operating system, as {@code os.name} has it. */
  public static FakeHost os(String name) {
    return new FakeHost(
        name, "amd64", Identities.plainUser(), Map.of(), Map.of(), Map.of(), Set.of());
  }

  /** Where {@code program} is installed at {@code path}. */
  public FakeHost program(String program, String path) {
    return new FakeHost(
        os,
        architecture,
        identity,
        and(programs, program, Path.of(path)),
        answers,
        files,
        writable);
  }

  /** Where this command line prints {@code stdout} and a line end, and succeeds. */
  public FakeHost answer(String stdout, String... words) {
    return answer(new Answer(0, stdout + "\n", ""), words);
  }

  /** Where this command line gives this answer; every other one cannot be started. */
  public FakeHost answer(Answer answer, String... words) {
    return new FakeHost(
        os,
        architecture,
        identity,
        programs,
        and(answers, List.of(words), answer),
        files,
        writable);
  }

  /** With a readable text file. */
  public FakeHost file(String path, String content) {
    return new FakeHost(
        os,
        architecture,
        identity,
        programs,
        answers,
        and(files, Path.of(path), content),
        writable);
  }

  /** With something that may be read and written, such as {@code /dev/fuse}. */
  public FakeHost writable(String path) {
    Set<Path> more = new HashSet<>(writable);
    more.add(Path.of(path));
    return new FakeHost(os, architecture, identity, programs, answers, files, Set.copyOf(more));
  }

  /** Seen by this user. */
  public FakeHost identity(Identity identity) {
    return new FakeHost(os, architecture, identity, programs, answers, files, writable);
  }

  /** With this processor, in Go's names. */
  public FakeHost architecture(String architecture) {
    return new FakeHost(os, architecture, identity, programs, answers, files, writable);
  }

  private static <K, V> Map<K, V> and(Map<K, V> map, K key, V value) {
    Map<K, V> more = new HashMap<>(map);
    more.put(key, value);
    return Map.copyOf(more);
  }

  @Override
  public String os() {
    return os;
  }

  @Override
  public String architecture() {
    return architecture;
  }

  @Override
  public Identity identity() {
    return identity;
  }

  @Override
  public Optional<Path> find(String name) {
    return Optional.ofNullable(programs.get(name));
  }

  @Override
  public Optional<Answer> ask(List<String> words) {
    return Optional.ofNullable(answers.get(words))
        .or(
            () ->
                answers.entrySet().stream()
                    .filter(answer -> fits(answer.getKey(), words))
                    .map(Map.Entry::getValue)
                    .findFirst());
  }

  private static boolean fits(List<String> known, List<String> words) {
    if (known.size() != words.size()) {
      return false;
    }
    for (int i = 0; i < words.size(); i++) {
      if (!known.get(i).equals(ANY) && !known.get(i).equals(words.get(i))) {
        return false;
      }
    }
    return true;
  }

  @Override
  public Optional<String> read(Path file) {
    return Optional.ofNullable(files.get(file));
  }

  @Override
  public boolean isWritable(Path path) {
    return writable.contains(path);
  }
}
