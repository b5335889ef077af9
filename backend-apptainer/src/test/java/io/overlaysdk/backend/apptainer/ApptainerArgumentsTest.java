package io.overlaysdk.backend.apptainer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.Access;
import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Gpu;
import io.overlaysdk.Network;
import io.overlaysdk.SessionSpec;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.OverlayFacts.Kind;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Stdio;
import io.overlaysdk.spi.Step;
import io.overlaysdk.testkit.FakeHost;
import io.overlaysdk.testkit.Identities;
import io.overlaysdk.testkit.RequestBuilder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Whole argument lists; each of these shapes has been run with Apptainer 1.4.5. */
final class ApptainerArgumentsTest {
  private static final List<String> ALWAYS =
      List.of(
          "/usr/bin/apptainer",
          "--silent",
          "exec",
          "--contain",
          "--cleanenv",
          "--no-eval",
          "--no-home",
          "--pid",
          "--no-mount",
          "tmp,hostfs,bind-paths,cwd",
          "--pwd",
          "/");

  private static final FakeHost HOST = FakeHosts.apptainer("1.4.5");

  private static final Step CONFIGURATION =
      new Step.WriteFile(
          Path.of("/scratch/session-1/apptainer.conf"),
          "mount dev = yes\nenable overlay = driver\n");

  private static RequestBuilder sif(FakeHost host) {
    return RequestBuilder.sif((Probe.Present) new ApptainerBackend().probe(host));
  }

  private static Plan plan(RequestBuilder request) {
    List<Plan> plans = new ApptainerBackend().plans(request.request());
    assertEquals(1, plans.size());
    return plans.get(0);
  }

  private static List<String> words(RequestBuilder request) {
    return plan(request).enter(Command.of("/bin/true"), Stdio.PIPES).words();
  }

  /** As {@link #always}, with the configuration that a plain user's overlays need. */
  private static List<String> configured(String... more) {
    List<String> all = always(more);
    all.addAll(1, List.of("--config", "/scratch/session-1/apptainer.conf"));
    return all;
  }

  private static List<String> always(String... more) {
    List<String> all = new ArrayList<>(ALWAYS);
    all.addAll(List.of(more));
    return all;
  }

  @Test
  void runsAnImageWithNothingOfTheHost() {
    assertEquals(always("/images/base.sif", "/bin/true"), words(sif(HOST)));
    assertEquals(List.of(), plan(sif(HOST)).prepare());
    assertEquals("Apptainer 1.4.5 runs the image read-only", plan(sif(HOST)).reason());
    assertEquals(255, plan(sif(HOST)).failureStatus());
  }

  @Test
  void saysEverythingInAFixedOrder() {
    RequestBuilder request =
        sif(HOST.writable("/dev/nvidiactl"))
            .bind("/data/in", "/in", Access.READ_ONLY)
            .bind("/data/out", "/out")
            .readOnly(Kind.LAYER, "/overlays/layer")
            .readOnly(Kind.SQUASHFS, "/overlays/tools.sqfs")
            .writable(Kind.EXT3, "/overlays/mine.img")
            .spec(spec -> spec.network(Network.NONE).gpu(Gpu.NVIDIA).fakeroot());
    assertEquals(
        configured(
            "--fakeroot",
            "--nv",
            "--net",
            "--network",
            "none",
            "--overlay",
            "/overlays/layer:ro",
            "--overlay",
            "/overlays/tools.sqfs:ro",
            "--overlay",
            "/overlays/mine.img",
            "--mount",
            "type=bind,source=/data/in,destination=/in,ro",
            "--mount",
            "type=bind,source=/data/out,destination=/out",
            "/images/base.sif",
            "/bin/true"),
        words(request));
    assertEquals("Apptainer 1.4.5 lays the overlays over the image itself", plan(request).reason());
  }

  @Test
  void givesOverlaysFromBottomToTop() {
    assertEquals(
        configured(
            "--overlay",
            "/overlays/bottom:ro",
            "--overlay",
            "/overlays/middle:ro",
            "--overlay",
            "/overlays/top",
            "/images/base.sif",
            "/bin/true"),
        words(
            sif(HOST)
                .readOnly(Kind.DIRECTORY, "/overlays/bottom")
                .readOnly(Kind.DIRECTORY, "/overlays/middle")
                .writable(Kind.DIRECTORY, "/overlays/top")));
  }

  @Test
  void leavesOutOfRootWhatTheMachineWithholds() {
    RequestBuilder request =
        sif(HOST.identity(Identities.rootWithoutAllCapabilities())
                .file("/proc/self/status", "CapBnd:\t000001fffeffffff\n"))
            .identity(Identities.rootWithoutAllCapabilities());
    assertEquals(
        always("--drop-caps", "CAP_SYS_RESOURCE", "/images/base.sif", "/bin/true"), words(request));
    assertEquals(
        "Apptainer 1.4.5 runs the image read-only; without CAP_SYS_RESOURCE, which this machine"
            + " withholds from root",
        plan(request).reason());
    assertEquals(
        always("--drop-caps", "CAP_SYS_RESOURCE", "/images/base.sif", "/bin/true"),
        words(request.spec(SessionSpec::fakeroot)));
  }

  @Test
  void takesAllFromRootWhereItIsNotKnownWhatIsWithheld() {
    assertEquals(
        always("--no-privs", "/images/base.sif", "/bin/true"),
        words(sif(HOST).identity(Identities.rootWithoutAllCapabilities())));
  }

  @Test
  void asksNothingOfRootWithEveryCapability() {
    assertEquals(
        always("--overlay", "/overlays/mine.img", "/images/base.sif", "/bin/true"),
        words(
            sif(FakeHosts.bare("1.2.0"))
                .identity(Identities.root())
                .spec(SessionSpec::fakeroot)
                .writable(Kind.EXT3, "/overlays/mine.img")));
  }

  @Test
  void quotesPathsAsTheToolsParserReadsThem() {
    assertEquals(
        configured(
            "--overlay",
            "\"/overlays/a,b:ro\"",
            "--overlay",
            "\"/overlays/a\"\"b\nc\"",
            "--mount",
            "type=bind,\"source=/data/a,b\",\"destination=/a\"\"b\",ro",
            "--mount",
            "type=bind,source=/data/a:b c,destination=/c:d e",
            "/images/a,b:c\n\"d.sif",
            "/bin/true"),
        words(
            RequestBuilder.sif(
                    (Probe.Present) new ApptainerBackend().probe(HOST), "/images/a,b:c\n\"d.sif")
                .readOnly(Kind.DIRECTORY, "/overlays/a,b")
                .writable(Kind.DIRECTORY, "/overlays/a\"b\nc")
                .bind("/data/a,b", "/a\"b", Access.READ_ONLY)
                .bind("/data/a:b c", "/c:d e")));
  }

  @Test
  void goesThroughALinkWhereAnOverlayHasAColon() {
    RequestBuilder request =
        sif(HOST)
            .readOnly(Kind.DIRECTORY, "/overlays/a:b")
            .writable(Kind.DIRECTORY, "/overlays/c:d")
            .bind("/data/a\r\nb", "/in");
    assertEquals(
        List.of(
            new Step.Link(Path.of("/scratch/session-1/link-0"), Path.of("/overlays/a:b")),
            new Step.Link(Path.of("/scratch/session-1/link-1"), Path.of("/overlays/c:d")),
            new Step.Link(Path.of("/scratch/session-1/link-2"), Path.of("/data/a\r\nb")),
            CONFIGURATION),
        plan(request).prepare());
    assertEquals(
        configured(
            "--overlay",
            "/scratch/session-1/link-0:ro",
            "--overlay",
            "/scratch/session-1/link-1",
            "--mount",
            "type=bind,source=/scratch/session-1/link-2,destination=/in",
            "/images/base.sif",
            "/bin/true"),
        words(request));
  }

  @Test
  void givesOnlyTheBindsThatAreSeen() {
    assertEquals(
        always(
            "--mount",
            "type=bind,source=/home/ada/tmp,destination=/tmp",
            "--mount",
            "type=bind,source=/dev/fuse,destination=/dev/fuse",
            "/images/base.sif",
            "/bin/true"),
        words(
            sif(HOST)
                .bind("/scratch/session-1/tmp", "/tmp")
                .bind("/home/ada/tmp", "/tmp")
                .bind("/dev/fuse", "/dev/fuse")));
  }

  @Test
  void passesVariablesInTheEnvironmentAndTheDirectoryAsItIs() {
    Command command =
        Command.of("tool", "--help", "")
            .variable("GREETING", "$HOME, `id`\n\"é\"")
            .variable("PATH", "/bin")
            .directory(ContainerPath.of("/work, \"here\""));
    Invocation invocation = plan(sif(HOST)).enter(command, Stdio.TERMINAL);
    assertEquals(
        Map.of("APPTAINERENV_GREETING", "$HOME, `id`\n\"é\"", "APPTAINERENV_PATH", "/bin"),
        invocation.environment());
    List<String> expected = new ArrayList<>(ALWAYS);
    expected.set(expected.size() - 1, "/work, \"here\"");
    expected.addAll(List.of("/images/base.sif", "tool", "--help", ""));
    assertEquals(expected, invocation.words());
  }

  @Test
  void keepsOutTheLibrariesThatASiteAddsToEveryContainer() {
    FakeHost host =
        HOST.file(FakeHosts.CONF, "always use nv = yes\nalways use rocm = yes\n")
            .writable("/dev/kfd");
    assertEquals(always("--no-nv", "--no-rocm", "/images/base.sif", "/bin/true"), words(sif(host)));
    assertEquals(
        always("--no-nv", "--rocm", "/images/base.sif", "/bin/true"),
        words(sif(host).spec(spec -> spec.gpu(Gpu.AMD))));
  }

  @Test
  void readsOverlaysOfAPlainUserWithTheDriverThatWroteThem() {
    RequestBuilder request = sif(HOST).readOnly(Kind.DIRECTORY, "/overlays/mine");
    assertEquals(List.of(CONFIGURATION), plan(request).prepare());
    assertEquals(
        configured("--overlay", "/overlays/mine:ro", "/images/base.sif", "/bin/true"),
        words(request));
  }

  @Test
  void leavesTheConfigurationAloneWhereTheSiteNamesTheDriver() {
    RequestBuilder request =
        sif(HOST.file(FakeHosts.CONF, "enable overlay = driver\n"))
            .readOnly(Kind.DIRECTORY, "/overlays/mine");
    assertEquals(List.of(), plan(request).prepare());
    assertEquals(
        always("--overlay", "/overlays/mine:ro", "/images/base.sif", "/bin/true"), words(request));
  }

  @Test
  void tellsWhichMarksItsDriverReadsAndWrites() {
    RequestBuilder written = sif(HOST).writable(Kind.DIRECTORY, "/overlays/mine");
    assertEquals(Set.of(Dialect.NEUTRAL, Dialect.FUSE), plan(written).reads());
    assertEquals(Optional.of(Dialect.FUSE), plan(written).writes());
    RequestBuilder read = sif(HOST).readOnly(Kind.DIRECTORY, "/overlays/mine");
    assertEquals(Set.of(Dialect.NEUTRAL, Dialect.FUSE), plan(read).reads());
    assertEquals(Optional.empty(), plan(read).writes());
    RequestBuilder byRoot = written.identity(Identities.root());
    assertEquals(
        Set.of(Dialect.NEUTRAL, Dialect.KERNEL_PLAIN, Dialect.KERNEL_TRUSTED),
        plan(byRoot).reads());
    assertEquals(Optional.of(Dialect.KERNEL_TRUSTED), plan(byRoot).writes());
  }

  @Test
  void readsWithTheKernelWhereItIsSetuidAndNothingIsWritable() {
    FakeHost setuid =
        HOST.answer(
            "APPTAINER_CONF_FILE=/etc/apptainer/apptainer.conf\nAPPTAINER_SUID_INSTALL=1",
            "/usr/bin/apptainer",
            "buildcfg");
    RequestBuilder read = sif(setuid).readOnly(Kind.DIRECTORY, "/overlays/mine");
    assertEquals(Set.of(Dialect.NEUTRAL, Dialect.KERNEL_PLAIN), plan(read).reads());
    assertEquals(List.of(), plan(read).prepare());
    RequestBuilder written = read.writable(Kind.DIRECTORY, "/overlays/top");
    assertEquals(Optional.of(Dialect.FUSE), plan(written).writes());
  }
}
