package io.overlaysdk.spi;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * The machine, as far as a probe may look at it. Implemented by the engine, and by {@code FakeHost}
 * of overlay-sdk-testkit.
 */
public interface Host {

  /** The operating system, as {@code os.name} has it: {@code Linux}. */
  String os();

  /** The processor architecture, in the names of Go and of SIF: {@code amd64}, {@code arm64}. */
  String architecture();

  /** Who runs this process. */
  Identity identity();

  /**
   * Where the program {@code name} is: what the configuration says, else the first that can be
   * executed on PATH, else in {@code /usr/local/sbin}, {@code /usr/sbin} and {@code /sbin}, which a
   * plain user's PATH lacks.
   */
  Optional<Path> find(String name);

  /**
   * Runs a program that only tells something, and waits for it, ten seconds at most.
   *
   * @return what it printed, where it could be started and ended in time
   */
  Optional<Answer> ask(List<String> words);

  /** The content of a small text file, where it can be read. */
  Optional<String> read(Path file);

  /** Whether there is something at {@code path} that this process may both read and write. */
  boolean isWritable(Path path);

  /**
   * What a program said.
   *
   * @param status its exit status
   * @param stdout what it printed
   * @param stderr what it printed beside that
   */
  record Answer(int status, String stdout, String stderr) {
    public Answer {
      Objects.requireNonNull(stdout, "stdout");
      Objects.requireNonNull(stderr, "stderr");
    }
  }
}
