package io.overlaysdk.fuzzing;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The inputs that are kept, without the fuzzer: on any machine, in a second. */
class SeedsTest {
  @ParameterizedTest
  @EnumSource
  void eachSeedIsReadOrRefusedByName(Target target) throws Throwable {
    assertFalse(target.seeds().isEmpty());
    for (Path seed : target.seeds()) {
      try {
        target.take(Files.readAllBytes(seed));
      } catch (Exception | Error e) {
        throw new AssertionError(seed.getFileName().toString(), e);
      }
    }
  }
}
