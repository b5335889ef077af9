package io.overlaysdk.backend.fuseoverlayfs;

import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Host;
import io.overlaysdk.testkit.BackendContract;
import io.overlaysdk.testkit.FakeHost;

final class FuseOverlayfsContractTest extends BackendContract {
  @Override
  protected Backend backend() {
    return new FuseOverlayfsBackend();
  }

  @Override
  protected Host hostWithTool() {
    return Machines.debian();
  }

  @Override
  protected Host hostWithoutTool() {
    return FakeHost.linux();
  }
}
