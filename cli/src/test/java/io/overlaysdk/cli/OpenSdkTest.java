package io.overlaysdk.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class OpenSdkTest {
  private final FakeSdk fake = new FakeSdk();

  @Test
  void opensNothingUntilItIsAskedFor() {
    OpenSdk sdk =
        new OpenSdk(
            () -> {
              throw new AssertionError("opened");
            });

    sdk.close();

    assertTrue(sdk.isClosed());
  }

  @Test
  void opensOnceAndClosesOnce() {
    OpenSdk sdk = new OpenSdk(() -> fake);

    assertSame(sdk.get(), sdk.get());
    sdk.close();
    sdk.close();

    assertEquals(List.of("close sdk"), fake.calls);
  }

  @Test
  void opensNothingAfterTheEnd() {
    OpenSdk sdk = new OpenSdk(() -> fake);
    sdk.close();

    assertThrows(IllegalStateException.class, sdk::get);
    assertTrue(sdk.isClosed());
  }
}
