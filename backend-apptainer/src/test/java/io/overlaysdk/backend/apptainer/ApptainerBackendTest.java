package io.overlaysdk.backend.apptainer;

import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Host;
import io.overlaysdk.testkit.BackendContract;
import io.overlaysdk.testkit.FakeHost;

final class ApptainerBackendTest extends BackendContract {
  @Override
  protected Backend backend() {
    return new ApptainerBackend();
  }

  @Override
  protected Host hostWithTool() {
    return FakeHosts.apptainer("1.4.5");
  }

  @Override
  protected Host hostWithoutTool() {
    return FakeHost.linux();
  }
}
