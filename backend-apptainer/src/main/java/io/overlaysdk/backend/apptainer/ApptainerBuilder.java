package io.overlaysdk.backend.apptainer;

import io.overlaysdk.spi.BuildRequest;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.ImageBuilder;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Step;
import java.util.List;

/** Builds images with Apptainer. Made by ServiceLoader; not for direct use. */
public final class ApptainerBuilder implements ImageBuilder {

  /** For ServiceLoader. */
  public ApptainerBuilder() {}

  @Override
  public String name() {
    return ApptainerBackend.TOOL.program();
  }

  @Override
  public int preference() {
    return 20;
  }

  @Override
  public Probe probe(Host host) {
    return ApptainerBackend.TOOL.probe(host);
  }

  @Override
  public List<Step> build(BuildRequest request) {
    return ApptainerBackend.TOOL.build(request);
  }
}
