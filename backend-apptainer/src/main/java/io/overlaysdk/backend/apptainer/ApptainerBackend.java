package io.overlaysdk.backend.apptainer;

import io.overlaysdk.backend.support.sif.Dialect;
import io.overlaysdk.backend.support.sif.SifTool;
import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Request;
import java.util.List;

/** Runs sessions with Apptainer. Made by ServiceLoader; not for direct use. */
public final class ApptainerBackend implements Backend {
  static final SifTool TOOL = new SifTool("apptainer", List.of(Dialect.APPTAINER));

  /** For ServiceLoader. */
  public ApptainerBackend() {}

  @Override
  public String name() {
    return TOOL.program();
  }

  @Override
  public int preference() {
    return 20;
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
