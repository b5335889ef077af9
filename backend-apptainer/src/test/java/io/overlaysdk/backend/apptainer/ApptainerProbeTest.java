package io.overlaysdk.backend.apptainer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.testkit.FakeHost;
import io.overlaysdk.testkit.Identities;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ApptainerProbeTest {
  private static Probe probe(Host host) {
    return new ApptainerBackend().probe(host);
  }

  private static Probe.Present present(Host host) {
    return assertInstanceOf(Probe.Present.class, probe(host));
  }

  @Test
  void tellsTheVersionTheInstallationAndTheSite() {
    Probe.Present present = present(FakeHosts.apptainer("1.4.5"));
    assertEquals(
        new Probe.Tool(Path.of("/usr/bin/apptainer"), "1.4.5"),
        present.tool("apptainer").orElseThrow());
    assertEquals(
        List.of("apptainer", "squashfuse_ll", "fuse-overlayfs", "fuse2fs", "newuidmap"),
        List.copyOf(present.tools().keySet()));
    assertEquals(
        Map.of(
            "product", "Apptainer",
            "setuid", "no",
            "configuration", "/etc/apptainer/apptainer.conf",
            "site configuration", "enable overlay = yes\nmount dev = yes",
            "enable overlay", "yes"),
        present.facts());
  }

  @Test
  void tellsWhatTheSiteAllowsASetuidInstallation() {
    String site = "allow setuid-mount extfs = no\nsessiondir max size = 64\n";
    Probe.Present present = present(FakeHosts.apptainer("1.4.5").file(FakeHosts.CONF, site));
    assertEquals("no", present.fact("allow setuid-mount extfs").orElseThrow());
    assertEquals("64", present.fact("sessiondir max size").orElseThrow());
  }

  @Test
  void findsTheProgramsThatApptainerBringsAlong() {
    Host host =
        FakeHosts.bare("1.4.5")
            .answer(
                "fuse-overlayfs: version 1.15",
                "/usr/libexec/apptainer/bin/fuse-overlayfs",
                "--version");
    assertEquals(
        Path.of("/usr/libexec/apptainer/bin/fuse-overlayfs"),
        present(host).tool("fuse-overlayfs").orElseThrow().path());
  }

  @Test
  void tellsWhatTheSiteSwitchesOff() {
    Probe.Present present =
        present(
            FakeHosts.bare("1.4.5")
                .file(
                    FakeHosts.CONF, "allow pid ns = no\nmount proc = yes\nmount dev = minimal\n"));
    assertEquals("no", present.fact("allow pid ns").orElseThrow());
    assertEquals(List.of(), present.fact("mount dev").stream().toList());
  }

  @Test
  void tellsWhichCapabilitiesRootLacks() {
    FakeHost host =
        FakeHosts.apptainer("1.4.5").file("/proc/self/status", "CapBnd:\t000001fffeffffff\n");
    String fact = "withheld capabilities";
    assertEquals(
        "CAP_SYS_RESOURCE",
        present(host.identity(Identities.rootWithoutAllCapabilities())).fact(fact).orElseThrow());
    assertEquals(List.of(), present(host).fact(fact).stream().toList());
  }

  @Test
  void isAbsentWithTheMinimumWhereItIsTooOld() {
    assertEquals(
        new Probe.Absent(
            "/usr/bin/apptainer is Apptainer 1.1.9, which cannot keep the site's bind paths out of a"
                + " container",
            "Install Apptainer 1.2.0 or newer, or name its place in the configuration."),
        probe(FakeHosts.apptainer("1.1.9")));
    assertInstanceOf(Probe.Present.class, probe(FakeHosts.apptainer("1.2.0-1.el9")));
  }

  @Test
  void isAbsentWhereTheProgramIsSomethingElse() {
    Host host =
        FakeHost.linux()
            .program("apptainer", "/usr/bin/apptainer")
            .answer("singularity-ce version 4.1.0", "/usr/bin/apptainer", "--version");
    assertEquals(
        "/usr/bin/apptainer is none of Apptainer: it says \"singularity-ce version 4.1.0\"",
        assertInstanceOf(Probe.Absent.class, probe(host)).reason());
  }

  @Test
  void isAbsentWhereTheProgramDoesNotStart() {
    Host host =
        FakeHost.linux()
            .program("apptainer", "/usr/bin/apptainer")
            .answer(
                new Host.Answer(127, "", "libseccomp.so.2: cannot open shared object file\n"),
                "/usr/bin/apptainer",
                "--version");
    assertEquals(
        "/usr/bin/apptainer does not say its version but libseccomp.so.2: cannot open shared object"
            + " file",
        assertInstanceOf(Probe.Absent.class, probe(host)).reason());
  }
}
