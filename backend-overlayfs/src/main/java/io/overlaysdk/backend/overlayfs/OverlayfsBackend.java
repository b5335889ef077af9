package io.overlaysdk.backend.overlayfs;

import io.overlaysdk.backend.support.rootfs.MergedRoot;
import io.overlaysdk.backend.support.rootfs.RootTools;
import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Request;
import java.util.List;

/** Found with {@link java.util.ServiceLoader}; not for direct use. */
public final class OverlayfsBackend implements Backend {
  static final String NAME = "overlayfs";

  /** For ServiceLoader. */
  public OverlayfsBackend() {}

  @Override
  public String name() {
    return NAME;
  }

  /** Where a container tool is, its own ways with images are what its users expect. */
  @Override
  public int preference() {
    return -10;
  }

  @Override
  public Probe probe(Host host) {
    return RootTools.probeKernel(host);
  }

  @Override
  public List<Plan> plans(Request request) {
    return List.of(
        MergedRoot.of(
            request,
            new Overlayfs(RootTools.path(request, RootTools.MOUNT), request.identity().isRoot())));
  }
}
