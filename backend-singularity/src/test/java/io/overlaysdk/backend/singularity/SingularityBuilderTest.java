package io.overlaysdk.backend.singularity;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.BuildRequest;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.ImageBuilder;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Step;
import io.overlaysdk.testkit.FakeHost;
import io.overlaysdk.testkit.Identities;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class SingularityBuilderTest {
  @Test
  void buildsWithFakerootForAPlainUser() {
    assertEquals(
        List.of("build", "--fakeroot", "/i.sif", "/i.def"),
        build(FakeHosts.setuid("4.5.1"), Identities.plainUser()));
    assertEquals(
        List.of("build", "/i.sif", "/i.def"), build(FakeHosts.setuid("4.5.1"), Identities.root()));
    assertEquals(
        List.of("build", "/i.sif", "/i.def"), build(FakeHosts.link(), Identities.plainUser()));
    assertThrows(
        UnsupportedException.class,
        () -> build(FakeHosts.setuid("4.5.1"), Identities.userWithoutSubordinateIds()));
  }

  private static List<String> build(FakeHost host, Identity identity) {
    SingularityBuilder builder = new SingularityBuilder();
    Probe.Present tool = (Probe.Present) builder.probe(host);
    Step step =
        builder
            .build(new BuildRequest(Path.of("/i.def"), Path.of("/i.sif"), tool, identity))
            .get(0);
    return assertInstanceOf(Step.Run.class, step).invocation().arguments();
  }

  /** Both ways: a module's services are not read on the class path, nor the other way round. */
  @Test
  void isProvidedByItsModuleAndInMetaInfServices() throws IOException {
    Class<?> type = SingularityBuilder.class;
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
