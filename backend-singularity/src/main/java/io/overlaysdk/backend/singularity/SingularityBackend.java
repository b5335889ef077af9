package io.overlaysdk.backend.singularity;

import io.overlaysdk.backend.support.sif.Dialect;
import io.overlaysdk.backend.support.sif.SifTool;
import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Request;
import java.util.List;

/**
 * Runs sessions with the program {@code singularity}: SingularityCE, or Apptainer where it is a
 * link. Made by ServiceLoader; not for direct use.
 */
public final class SingularityBackend implements Backend {
  static final SifTool TOOL =
      new SifTool("singularity", List.of(Dialect.SINGULARITY_CE, Dialect.APPTAINER));

  /** For ServiceLoader. */
  public SingularityBackend() {}

  @Override
  public String name() {
    return TOOL.program();
  }

  @Override
  public int preference() {
    return 10;
  }

  @Override
  public Probe probe(Host host) {
    return TOOL.probe(host);
  }

  @Override
  public List<Plan> plans(Request request) {
    return TOOL.plans(request);
  }
}
