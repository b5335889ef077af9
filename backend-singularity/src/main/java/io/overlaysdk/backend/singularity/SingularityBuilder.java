package io.overlaysdk.backend.singularity;

import io.overlaysdk.spi.BuildRequest;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageBuilder;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Step;
import java.util.List;

/**
 * Builds images with the program {@code singularity}, whichever product it is. Made by
 * ServiceLoader; not for direct use.
 */
public final class SingularityBuilder implements ImageBuilder {

  /** For ServiceLoader. */
  public SingularityBuilder() {}

  @Override
  public String name() {
    return SingularityBackend.TOOL.program();
  }

  @Override
  public int preference() {
    return 10;
  }

  @Override
  public Probe probe(Host host) {
    return SingularityBackend.TOOL.probe(host);
  }

  @Override
  public List<Step> build(BuildRequest request) {
    return SingularityBackend.TOOL.build(request);
  }
}
