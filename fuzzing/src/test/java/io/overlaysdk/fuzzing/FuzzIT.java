package io.overlaysdk.fuzzing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Gives each target inputs that nobody thought of, thirty seconds long; ten minutes in a soak run.
 */
@Tag("soak")
@Execution(ExecutionMode.CONCURRENT)
class FuzzIT {
  private static final int SECONDS =
      Integer.getInteger("overlaysdk.fuzz", Boolean.getBoolean("overlaysdk.soak") ? 600 : 30);

  @ParameterizedTest
  @EnumSource
  void throwsNothingButItsOwnInBoundedTimeAndMemory(Target target) throws Exception {
    Fuzzer fuzzer = new Fuzzer(target);
    assertEquals(0, fuzzer.run(SECONDS), fuzzer::report);
    System.out.println(fuzzer.summary());
  }
}
