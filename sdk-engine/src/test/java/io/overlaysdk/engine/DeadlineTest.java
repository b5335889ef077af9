package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DeadlineTest {
  @Test
  void aLimitMayBeLongerThanNanosecondsTell() {
    Deadline deadline = Deadline.of(Optional.of(Duration.ofDays(200_000)));
    assertEquals(Optional.of(Long.MAX_VALUE), deadline.left());
  }

  @Test
  void nothingIsLeftOfALimitThatIsOver() {
    assertEquals(Optional.of(0L), Deadline.of(Optional.of(Duration.ZERO)).left());
    assertTrue(Deadline.of(Optional.empty()).left().isEmpty());
    assertTrue(Deadline.of(Duration.ZERO).isOver());
    assertFalse(Deadline.of(Duration.ofSeconds(Long.MAX_VALUE)).isOver());
  }
}
