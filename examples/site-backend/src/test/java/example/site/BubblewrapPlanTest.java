package example.site;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.overlaysdk.Access;
import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.Network;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Stdio;
import io.overlaysdk.spi.Step;
import io.overlaysdk.testkit.Identities;
import io.overlaysdk.testkit.RequestBuilder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Whole argument lists: what the tools are given, word by word. */
class BubblewrapPlanTest {
  private static final Probe.Present TOOL =
      new Probe.Present(
          Map.of(
              "bwrap", new Probe.Tool(Path.of("/opt/bwrap"), "0.8.0"),
              "unshare", new Probe.Tool(Path.of("/usr/bin/unshare"), ""),
              "mount", new Probe.Tool(Path.of("/usr/bin/mount"), ""),
              "sh", new Probe.Tool(Path.of("/bin/sh"), "")),
          Map.of());

  @Test
  void aPlainUserMountsInAUserNamespaceAndIsHimselfInside() {
    RequestBuilder request =
        RequestBuilder.directory(TOOL)
            .bind("/scratch/session-1/tmp", "/tmp")
            .bind("/data", "/in", Access.READ_ONLY);
    assertEquals(
        words(
            "/usr/bin/unshare --user --map-root-user --mount --kill-child --",
            "/bin/sh /scratch/session-1/enter.sh",
            "/scratch/session-1 ada 1000 1000 /home/ada /usr/bin/mount",
            "/scratch/session-1/tmp /tmp /data /in --",
            "/opt/bwrap --unshare-pid --die-with-parent --unshare-user --uid 1000 --gid 1000",
            "--ro-bind root / --dev /dev --proc /proc --ro-bind /sys /sys",
            "--ro-bind-try passwd /etc/passwd --ro-bind-try group /etc/group",
            "--ro-bind-try resolv.conf /etc/resolv.conf",
            "--bind /scratch/session-1/tmp /tmp --ro-bind /data /in",
            "--clearenv --setenv PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "--setenv HOME /home/ada --chdir / -- ls -l"),
        entered(request, Command.of("ls", "-l")));
  }

  @Test
  void rootNeedsNoUserNamespace() {
    RequestBuilder request =
        RequestBuilder.directory(TOOL)
            .identity(Identities.root())
            .spec(spec -> spec.network(Network.NONE));
    assertEquals(
        words(
            "/usr/bin/unshare --mount --kill-child --",
            "/bin/sh /scratch/session-1/enter.sh",
            "/scratch/session-1 root 0 0 /root /usr/bin/mount --",
            "/opt/bwrap --unshare-pid --die-with-parent",
            "--ro-bind root / --dev /dev --proc /proc --ro-bind /sys /sys",
            "--ro-bind-try passwd /etc/passwd --ro-bind-try group /etc/group --unshare-net",
            "--clearenv --setenv PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "--setenv HOME /root --setenv A 1 --chdir /d -- ls"),
        entered(request, Command.of("ls").variable("A", "1").directory(ContainerPath.of("/d"))));
  }

  @Test
  void theEnvironmentOfTheImageIsReadByItsOwnShell() {
    List<String> words =
        entered(RequestBuilder.directory(TOOL), Command.of("/bin/sh", "-c", "a b", "x"));
    assertEquals(
        List.of(
            "--",
            "/bin/sh",
            "-c",
            "for f in /.singularity.d/env/*.sh; do [ ! -f \"$f\" ] || . \"$f\"; done; exec \"$@\"",
            "sh",
            "/bin/sh",
            "-c",
            "a b",
            "x"),
        words.subList(words.size() - 9, words.size()));
  }

  @Test
  void theImageIsReachedByALinkSoThatItsNameNeedsNoQuoting() {
    List<Step> steps = plan(RequestBuilder.directory(TOOL)).prepare();
    assertEquals(
        List.of(
            new Step.MakeDirectory(Path.of("/scratch/session-1/layer")),
            new Step.Link(Path.of("/scratch/session-1/image"), Path.of("/images/tree"))),
        steps.subList(0, 2));
    assertEquals(Path.of("/scratch/session-1/enter.sh"), ((Step.WriteFile) steps.get(2)).path());
    assertEquals(3, steps.size());
  }

  private static List<String> entered(RequestBuilder request, Command command) {
    return plan(request).enter(command, Stdio.PIPES).words();
  }

  private static Plan plan(RequestBuilder request) {
    List<Plan> plans = new BubblewrapBackend().plans(request.request());
    assertEquals(1, plans.size());
    return plans.get(0);
  }

  private static List<String> words(String... lines) {
    return Stream.of(lines).flatMap(line -> Stream.of(line.split(" "))).toList();
  }
}
