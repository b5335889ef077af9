package io.overlaysdk;

import java.nio.file.Path;
import java.util.Optional;

/** A {@link Policy} does not allow what was asked for. Thrown before anything starts. */
public final class PolicyException extends OverlayException {
  private static final long serialVersionUID = 1;

  private final String rule;
  private final transient @Nullable Path source;

  /**
   * @param rule the rule, as the file calls it, such as {@code images.paths}
   * @param source the file that has it; empty where a program made the policy
   * @param problem what was asked, what was found, and what is allowed
   */
  public PolicyException(String rule, Optional<Path> source, String problem) {
    super(
        "not allowed by the policy "
            + source.map(file -> "in " + file).orElse("of this program")
            + " ("
            + rule
            + "): "
            + problem
            + ". Where it has to be, ask who keeps the policy");
    this.rule = rule;
    this.source = source.orElse(null);
  }

  /** The rule, as the file calls it, such as {@code images.paths}. */
  public String rule() {
    return rule;
  }

  /** The file that has it; empty where a program made the policy. */
  public Optional<Path> source() {
    return Optional.ofNullable(source);
  }
}
