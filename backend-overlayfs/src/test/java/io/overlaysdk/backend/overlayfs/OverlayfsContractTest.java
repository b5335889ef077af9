package io.overlaysdk.backend.overlayfs;

import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Host;
import io.overlaysdk.testkit.BackendContract;
import io.overlaysdk.testkit.FakeHost;

final class OverlayfsContractTest extends BackendContract {
  @Override
  protected Backend backend() {
    return new OverlayfsBackend();
  }

  @Override
  protected Host hostWithTool() {
    return Machines.withFuse();
  }

  @Override
  protected Host hostWithoutTool() {
    return FakeHost.linux();
  }
}
