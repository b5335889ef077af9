package io.overlaysdk.workflow;

import java.util.Objects;
import java.util.Optional;

/**
 * What a step must bring out.
 *
 * @param status the exit status of the last command
 * @param stdout the whole output of all commands of the step, where it is fixed
 */
public record Expectation(int status, Optional<String> stdout) {
  public Expectation {
    Objects.requireNonNull(stdout, "stdout");
  }

  /** Success, and any output. */
  public static Expectation success() {
    return new Expectation(0, Optional.empty());
  }
}
