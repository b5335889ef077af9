package io.overlaysdk.backend.singularity;

import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Host;
import io.overlaysdk.testkit.BackendContract;
import io.overlaysdk.testkit.FakeHost;

final class LinkToApptainerTest extends BackendContract {
  @Override
  protected Backend backend() {
    return new SingularityBackend();
  }

  @Override
  protected Host hostWithTool() {
    return FakeHosts.link();
  }

  @Override
  protected Host hostWithoutTool() {
    return FakeHost.linux();
  }
}
