package io.overlaysdk.backend.support.sif;

import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.BuildRequest;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Request;
import io.overlaysdk.spi.Step;
import java.util.List;

/**
 * A program that speaks this grammar, under the name by which it is looked for.
 *
 * @param program the name of the program
 * @param dialects the products that it may turn out to be
 */
public record SifTool(String program, List<Dialect> dialects) {
  public SifTool {
    dialects = List.copyOf(dialects);
  }

  /** Looks for the program, and which product and version it is. */
  public Probe probe(Host host) {
    return ToolProbe.probe(host, program, dialects);
  }

  /**
   * How it runs a session; one plan.
   *
   * @throws UnsupportedException where it cannot run exactly this
   */
  public List<Plan> plans(Request request) {
    return List.of(Planner.plan(installation(request.tool()), request));
  }

  /**
   * How it builds an image from a definition: always a SIF, whatever the target is called.
   *
   * @throws UnsupportedException where the user cannot build with it
   */
  public List<Step> build(BuildRequest request) {
    return List.of(BuildStep.of(installation(request.tool()), request));
  }

  private Installation installation(Probe.Present found) {
    return Installation.of(program, dialects, found);
  }
}
