package io.overlaysdk.backend.singularity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.overlaysdk.Access;
import io.overlaysdk.Command;
import io.overlaysdk.Network;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.OverlayFacts.Kind;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Stdio;
import io.overlaysdk.testkit.FakeHost;
import io.overlaysdk.testkit.Identities;
import io.overlaysdk.testkit.RequestBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The grammar of SingularityCE 3.11 to 4.5, and what the name singularity may stand for. */
final class SingularityBackendTest {
  private static final SingularityBackend BACKEND = new SingularityBackend();

  private static RequestBuilder sif(FakeHost host) {
    return RequestBuilder.sif(assertInstanceOf(Probe.Present.class, BACKEND.probe(host)));
  }

  private static Invocation enter(RequestBuilder request) {
    return BACKEND
        .plans(request.request())
        .get(0)
        .enter(Command.of("/bin/true").variable("A", "b"), Stdio.PIPES);
  }

  /** The arguments between {@code --pwd /} and the image. */
  private static List<String> options(RequestBuilder request) {
    List<String> words = enter(request).words();
    return words.subList(words.indexOf("--pwd") + 2, words.size() - 2);
  }

  private static void assertRefused(String message, RequestBuilder request) {
    UnsupportedException refused =
        assertThrows(UnsupportedException.class, () -> BACKEND.plans(request.request()));
    assertEquals(
        message.replace("TOOL", "SingularityCE 4.5.1 (/usr/bin/singularity)"),
        refused.getMessage());
  }

  private static List<String> always(String... more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "--contain",
                "--cleanenv",
                "--no-eval",
                "--no-home",
                "--pid",
                "--no-mount",
                "tmp,hostfs,bind-paths,cwd",
                "--pwd",
                "/"));
    words.addAll(List.of(more));
    return words;
  }

  private static List<String> and(List<String> first, List<String> then) {
    List<String> all = new ArrayList<>(first);
    all.addAll(then);
    return all;
  }

  @Test
  void runsSingularityCeInItsNativeMode() {
    Invocation invocation =
        enter(
            sif(FakeHosts.setuid("4.5.1"))
                .readOnly(Kind.SQUASHFS, "/o.sqfs")
                .writable(Kind.EXT3, "/o.img")
                .bind("/data", "/in", Access.READ_ONLY)
                .spec(spec -> spec.network(Network.NONE)));
    assertEquals(
        and(
            List.of("/usr/bin/singularity", "--silent", "exec", "--no-oci"),
            always(
                "--net",
                "--network",
                "none",
                "--overlay",
                "/o.sqfs:ro",
                "--overlay",
                "/o.img",
                "--mount",
                "type=bind,source=/data,destination=/in,ro",
                "/images/base.sif",
                "/bin/true")),
        invocation.words());
    assertEquals(Map.of("SINGULARITYENV_A", "b"), invocation.environment());
  }

  @Test
  void doesNotNameAModeThatOldVersionsDoNotHave() {
    assertEquals(
        and(
            List.of("/usr/bin/singularity", "--silent", "exec"),
            always("/images/base.sif", "/bin/true")),
        enter(sif(FakeHosts.setuid("3.11.5"))).words());
  }

  @Test
  void speaksToApptainerWhereItIsALink() {
    Invocation invocation = enter(sif(FakeHosts.link()).writable(Kind.EXT3, "/o.img"));
    assertEquals(
        and(
            List.of(
                "/usr/bin/singularity",
                "--config",
                "/scratch/session-1/apptainer.conf",
                "--silent",
                "exec"),
            always("--overlay", "/o.img", "/images/base.sif", "/bin/true")),
        invocation.words());
    assertEquals(Map.of("APPTAINERENV_A", "b"), invocation.environment());
  }

  @Test
  void makesAUserNamespaceForDirectoriesOfAPlainUser() {
    assertEquals(
        List.of("--userns", "--overlay", "/o"),
        options(sif(FakeHosts.setuid("4.5.1")).writable(Kind.DIRECTORY, "/o")));
    assertEquals(
        List.of("--overlay", "/o"),
        options(sif(FakeHosts.unprivileged("4.5.1")).writable(Kind.DIRECTORY, "/o")));
    assertEquals(
        List.of("--fakeroot", "--overlay", "/o"),
        options(
            sif(FakeHosts.setuid("4.5.1"))
                .writable(Kind.DIRECTORY, "/o")
                .spec(SessionSpec::fakeroot)));
    assertEquals(
        List.of("--overlay", "/o"),
        options(
            sif(FakeHosts.setuid("4.5.1"))
                .writable(Kind.DIRECTORY, "/o")
                .identity(Identities.root())));
  }

  @Test
  void refusesImagesWhereAUserNamespaceIsNeeded() {
    String refusal =
        "the overlay /o.img, which is an image: TOOL cannot mount images in a user namespace. Use"
            + " the backend fuse-overlayfs, or Apptainer, or another kind of overlay.";
    assertRefused(refusal, sif(FakeHosts.unprivileged("4.5.1")).writable(Kind.EXT3, "/o.img"));
    assertRefused(
        refusal,
        sif(FakeHosts.setuid("4.5.1"))
            .readOnly(Kind.DIRECTORY, "/o")
            .writable(Kind.EXT3, "/o.img"));
    assertRefused(
        refusal,
        sif(FakeHosts.setuid("4.5.1")).writable(Kind.EXT3, "/o.img").spec(SessionSpec::fakeroot));
  }

  @Test
  void refusesOverlaysThatItWouldLeaveOutInSilence() {
    String rest = ". Use the backend fuse-overlayfs, or Apptainer, or another kind of overlay.";
    String kernel =
        "the overlay /o: TOOL mounts overlays for plain users with the kernel alone, which can from"
            + " Linux 5.11 on; this is ";
    FakeHost host = FakeHosts.unprivileged("4.5.1");
    assertRefused(
        kernel + "5.10.0-30-amd64" + rest,
        sif(host.file("/proc/sys/kernel/osrelease", "5.10.0-30-amd64\n"))
            .writable(Kind.DIRECTORY, "/o"));
    assertRefused(
        kernel + "of a site's own" + rest,
        sif(host.file("/proc/sys/kernel/osrelease", "of a site's own"))
            .writable(Kind.DIRECTORY, "/o"));
  }

  @Test
  void refusesWhatTheSiteSwitchesOff() {
    String remedy =
        ". Ask the administrator to change " + FakeHosts.CONF + ", or use another backend.";
    assertRefused(
        "the overlay /o.img: TOOL is told \"allow kernel extfs = no\"" + remedy,
        sif(FakeHosts.setuid("4.5.1").file(FakeHosts.CONF, "allow kernel extfs = no\n"))
            .writable(Kind.EXT3, "/o.img"));
    assertRefused(
        "the overlay /o: TOOL is told \"allow user ns = no\"" + remedy,
        sif(FakeHosts.setuid("4.5.1").file(FakeHosts.CONF, "allow user ns = no\n"))
            .writable(Kind.DIRECTORY, "/o"));
  }

  @Test
  void isAbsentWhereTheVersionIsTooOldOrTheProductUnknown() {
    String install =
        "Install SingularityCE 3.11.0 or newer, or Apptainer 1.2.0 or newer, or name its place in"
            + " the configuration.";
    assertEquals(
        new Probe.Absent(
            "/usr/bin/singularity is SingularityCE 3.10.5, which cannot keep the site's bind paths"
                + " out of a container",
            install),
        BACKEND.probe(FakeHosts.setuid("3.10.5")));
    assertEquals(
        new Probe.Absent(
            "/usr/bin/singularity is none of SingularityCE and Apptainer: it says \"singularity"
                + " version 3.8.7\"",
            install),
        BACKEND.probe(FakeHosts.singularity("singularity version 3.8.7", "")));
  }
}
