package io.overlaysdk.backend.support.sif;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.testkit.FakeHost;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class CapabilitiesTest {
  private static Optional<String> withheldFrom(String bounding) {
    String status =
        "Name:\tjava\nCapInh:\t0000000000000000\nCapBnd:\t" + bounding + "\nSeccomp:\t0";
    return Capabilities.withheld(FakeHost.linux().file("/proc/self/status", status));
  }

  @Test
  void namesWhatIsNotInTheBoundingSet() {
    assertEquals(Optional.of("CAP_SYS_RESOURCE"), withheldFrom("000001fffeffffff"));
    assertEquals(Optional.of("CAP_CHOWN,CAP_AUDIT_READ"), withheldFrom("000001dffffffffe"));
  }

  @Test
  void namesNothingWhereAllAreThere() {
    assertEquals(Optional.empty(), withheldFrom("000001ffffffffff"));
    assertEquals(Optional.empty(), withheldFrom("ffffffffffffffff"));
  }

  @Test
  void namesNothingWhereItCannotBeKnown() {
    assertEquals(Optional.empty(), withheldFrom("no number"));
    assertEquals(Optional.empty(), Capabilities.withheld(FakeHost.linux()));
  }
}
