package io.overlaysdk.yaml;

import io.overlaysdk.workflow.Expectation;
import java.util.List;

/** Reads what a step must bring out. */
final class ExpectationReader {
  static final List<String> RUN_KEYS = List.of("status", "stdout");
  static final List<String> SHOW_KEYS = List.of("stdout");

  private static final int HIGHEST_STATUS = 255;

  private ExpectationReader() {}

  /**
   * @param known what this kind of step can expect
   */
  static Expectation read(Section step, List<String> known) {
    return step.find("expect")
        .map(node -> read(Section.of(node, known), known.contains("status")))
        .orElse(Expectation.success());
  }

  private static Expectation read(Section expect, boolean hasStatus) {
    int status = hasStatus ? expect.find("status").map(ExpectationReader::status).orElse(0) : 0;
    return new Expectation(status, expect.find("stdout").map(Node::text));
  }

  private static int status(Node node) {
    int status = node.number();
    if (status < 0 || status > HIGHEST_STATUS) {
      throw node.place().error("an exit status is from 0 to 255, not " + status);
    }
    return status;
  }
}
