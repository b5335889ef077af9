package io.overlaysdk.backend.support.sif;

import io.overlaysdk.spi.BuildRequest;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One {@code build} of the tool. */
final class BuildStep {
  private BuildStep() {}

  static Step of(Installation installation, BuildRequest request) {
    List<String> arguments = new ArrayList<>(List.of("build"));
    if (!request.identity().isRoot()) {
      arguments.addAll(userOptions(installation, request.identity()));
    }
    arguments.add(request.target().toString());
    arguments.add(request.definition().toString());
    return new Step.Run(
        "build " + request.target() + " from " + request.definition(),
        new Invocation(
            installation.tool().path(), arguments, environment(installation, request.identity())));
  }

  private static List<String> userOptions(Installation installation, Identity identity) {
    List<String> options = installation.dialect().userBuild();
    if (options.contains("--fakeroot") && identity.subordinate().isEmpty()) {
      throw installation.refuse(
          "a build from a definition",
          "needs subordinate ids to build for a plain user, and " + identity.user() + " has none",
          "Ask the administrator for lines in /etc/subuid and /etc/subgid, or build as root.");
    }
    return options;
  }

  /**
   * Build has no --drop-caps; the containers that it starts for {@code %post} read the variable
   * (Apptainer 1.4.5). A root-mapped user namespace would do too, but there nothing can be given to
   * another owner, which package managers need.
   */
  private static Map<String, String> environment(Installation installation, Identity identity) {
    if (!identity.isRoot() || identity.capable()) {
      return Map.of();
    }
    return installation
        .found()
        .fact(Facts.WITHHELD)
        .map(names -> Map.of(installation.dialect().dropCapabilitiesVariable(), names))
        .orElse(Map.of());
  }
}
