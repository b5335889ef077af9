package io.overlaysdk.backend.apptainer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.spi.BuildRequest;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.ImageBuilder;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Step;
import io.overlaysdk.testkit.FakeHost;
import io.overlaysdk.testkit.Identities;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ApptainerBuilderTest {
  private static List<Step> build(FakeHost host, Identity identity) {
    ApptainerBuilder builder = new ApptainerBuilder();
    Probe.Present tool = (Probe.Present) builder.probe(host.identity(identity));
    return builder.build(
        new BuildRequest(
            Path.of("/defs/a:b, c.def"), Path.of("/images/a:b, c.sif"), tool, identity));
  }

  private static List<Step> run(Map<String, String> environment) {
    return List.of(
        new Step.Run(
            "build /images/a:b, c.sif from /defs/a:b, c.def",
            new Invocation(
                Path.of("/usr/bin/apptainer"),
                List.of("build", "/images/a:b, c.sif", "/defs/a:b, c.def"),
                environment)));
  }

  @Test
  void buildsForRootAndForAPlainUserAlike() {
    FakeHost host = FakeHosts.bare("1.4.5");
    assertEquals(run(Map.of()), build(host, Identities.root()));
    assertEquals(run(Map.of()), build(host, Identities.plainUser()));
    assertEquals(run(Map.of()), build(host, Identities.userWithoutSubordinateIds()));
  }

  @Test
  void leavesOutOfRootWhatTheMachineWithholds() {
    FakeHost host =
        FakeHosts.bare("1.4.5").file("/proc/self/status", "CapBnd:\t000001fffeffffff\n");
    assertEquals(
        run(Map.of("APPTAINER_DROP_CAPS", "CAP_SYS_RESOURCE")),
        build(host, Identities.rootWithoutAllCapabilities()));
    assertEquals(run(Map.of()), build(host, Identities.plainUser()));
  }

  /** Both ways: a module's services are not read on the class path, nor the other way round. */
  @Test
  void isProvidedByItsModuleAndInMetaInfServices() throws IOException {
    Class<?> type = ApptainerBuilder.class;
    String service = ImageBuilder.class.getName();
    assertTrue(
        type.getModule().getDescriptor().provides().stream()
            .anyMatch(
                provides ->
                    provides.service().equals(service)
                        && provides.providers().equals(List.of(type.getName()))));
    try (InputStream in = type.getResourceAsStream("/META-INF/services/" + service)) {
      assertEquals(type.getName(), new String(in.readAllBytes(), UTF_8).strip());
    }
  }
}
