package example.site;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.OverlayFacts;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.testkit.BackendContract;
import io.overlaysdk.testkit.FakeHost;
import io.overlaysdk.testkit.Identities;
import io.overlaysdk.testkit.RequestBuilder;
import org.junit.jupiter.api.Test;

/** The laws of every backend, and what this one says about a machine and to a user. */
class BubblewrapBackendTest extends BackendContract {

  @Override
  protected Backend backend() {
    return new BubblewrapBackend();
  }

  @Override
  protected Host hostWithTool() {
    return host("0.8.0")
        .answer("", "/usr/bin/unshare", "--user", "--map-root-user", "--mount", "true");
  }

  @Override
  protected Host hostWithoutTool() {
    return FakeHost.linux();
  }

  @Override
  protected RequestBuilder usual(Probe.Present tool) {
    return RequestBuilder.directory(tool).bind("/scratch/session-1/control", "/.overlay-sdk");
  }

  private static FakeHost host(String version) {
    return FakeHost.linux()
        .program("bwrap", "/usr/bin/bwrap")
        .program("unshare", "/usr/bin/unshare")
        .program("mount", "/usr/bin/mount")
        .program("sh", "/bin/sh")
        .answer("bubblewrap " + version, "/usr/bin/bwrap", "--version");
  }

  private Probe.Present tool() {
    return assertInstanceOf(Probe.Present.class, backend().probe(hostWithTool()));
  }

  @Test
  void remembersTheVersionOfBubblewrap() {
    assertEquals("0.8.0", tool().tool("bwrap").orElseThrow().version());
  }

  @Test
  void namesTheProgramThatIsMissing() {
    Host host = FakeHost.linux().program("bwrap", "/usr/bin/bwrap");
    assertEquals("the program unshare is not installed", absent(host).reason());
  }

  @Test
  void isAbsentWhereBubblewrapIsTooOld() {
    assertTrue(absent(host("0.4.1")).reason().contains("older than 0.5"));
  }

  @Test
  void isAbsentWhereTheUserMayMakeNoNamespaces() {
    Probe.Absent absent = absent(host("0.8.0"));
    assertTrue(absent.reason().contains("--map-root-user --mount true\" fails"), absent.reason());
    assertTrue(absent.remedy().contains("max_user_namespaces"), absent.remedy());
  }

  @Test
  void rootNeedsNoUserNamespace() {
    Host host =
        host("1.0").identity(Identities.root()).answer("", "/usr/bin/unshare", "--mount", "true");
    assertInstanceOf(Probe.Present.class, backend().probe(host));
  }

  @Test
  void refusesWhatItCannotExpressAndSaysWhatWouldHelp() {
    assertEquals(
        "bubblewrap runs directories, read-only; it cannot express the image /images/base.sif of"
            + " kind SIF: unpack it into a directory, or use another backend",
        refusal(RequestBuilder.sif(tool())));
    assertTrue(
        refusal(usual(tool()).readOnly(OverlayFacts.Kind.DIRECTORY, "/overlays/mine"))
            .contains("overlays such as /overlays/mine"));
  }

  private Probe.Absent absent(Host host) {
    return assertInstanceOf(Probe.Absent.class, backend().probe(host));
  }

  private String refusal(RequestBuilder request) {
    return assertThrows(UnsupportedException.class, () -> backend().plans(request.request()))
        .getMessage();
  }
}
