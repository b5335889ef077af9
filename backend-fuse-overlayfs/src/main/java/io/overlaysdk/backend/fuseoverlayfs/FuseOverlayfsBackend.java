package io.overlaysdk.backend.fuseoverlayfs;

import io.overlaysdk.backend.support.rootfs.MergedRoot;
import io.overlaysdk.backend.support.rootfs.RootTools;
import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Request;
import java.util.List;

/** Found with {@link java.util.ServiceLoader}; not for direct use. */
public final class FuseOverlayfsBackend implements Backend {
  static final String NAME = "fuse-overlayfs";

  /** For ServiceLoader. */
  public FuseOverlayfsBackend() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Probe probe(Host host) {
    return RootTools.probe(host, NAME, NAME);
  }

  @Override
  public List<Plan> plans(Request request) {
    return List.of(MergedRoot.of(request, new FuseOverlayfs(RootTools.path(request, NAME))));
  }
}
