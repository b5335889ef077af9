package io.overlaysdk.workflow;

import java.util.List;
import java.util.Objects;

/**
 * What came of a step.
 *
 * @param number its place in the workflow, from 1
 * @param step the step
 * @param succeeded whether it did what was expected
 * @param output what it brought out, line by line
 * @param problem where it failed, why and what was expected; else empty
 */
public record StepReport(
    int number, Step step, boolean succeeded, List<String> output, String problem) {
  public StepReport {
    Objects.requireNonNull(step, "step");
    Objects.requireNonNull(problem, "problem");
    output = List.copyOf(output);
  }
}
