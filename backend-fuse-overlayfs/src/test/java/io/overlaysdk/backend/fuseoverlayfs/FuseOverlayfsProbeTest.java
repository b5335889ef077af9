package io.overlaysdk.backend.fuseoverlayfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Host.Answer;
import io.overlaysdk.spi.Probe.Absent;
import io.overlaysdk.spi.Probe.Present;
import io.overlaysdk.spi.Probe.Tool;
import io.overlaysdk.testkit.FakeHost;
import io.overlaysdk.testkit.Identities;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class FuseOverlayfsProbeTest {
  private static Present present(Host host) {
    return assertInstanceOf(Present.class, new FuseOverlayfsBackend().probe(host));
  }

  private static Absent absent(Host host) {
    return assertInstanceOf(Absent.class, new FuseOverlayfsBackend().probe(host));
  }

  @Test
  void saysWhichProgramsItUsesAndTheirVersions() {
    assertEquals(
        Map.of(
            "fuse-overlayfs", new Tool(Path.of("/usr/bin/fuse-overlayfs"), "1.10"),
            "mount", new Tool(Path.of("/usr/bin/mount"), "2.38.1"),
            "unshare", new Tool(Path.of("/usr/bin/unshare"), "2.38.1"),
            "sh", new Tool(Path.of("/usr/bin/sh"), ""),
            "squashfuse", new Tool(Path.of("/usr/bin/squashfuse_ll"), "0.1.104"),
            "fuse2fs", new Tool(Path.of("/usr/bin/fuse2fs"), "1.47.0")),
        present(Machines.debian()).tools());
  }

  @Test
  void isPresentForRootAndWithoutFuse2fs() {
    assertEquals(Map.of(), present(Machines.debian().identity(Identities.root())).facts());
    assertTrue(present(Machines.withoutExt3()).tool("fuse2fs").isEmpty());
  }

  @Test
  void namesTheProgramThatIsMissing() {
    FakeHost host =
        FakeHost.linux().program("fuse-overlayfs", "/usr/bin/fuse-overlayfs").writable("/dev/fuse");
    assertEquals("unshare is not installed", absent(host).reason());
    assertTrue(absent(host).remedy().contains("util-linux"));
  }

  @Test
  void isAbsentWhereUserNamespacesAreForbidden() {
    Host host =
        Machines.debian()
            .answer(
                new Answer(1, "", "unshare: unshare failed: Operation not permitted\n"),
                Machines.TRY_USER);
    assertEquals(
        "namespaces cannot be made: unshare: unshare failed: Operation not permitted",
        absent(host).reason());
  }

  @Test
  void remembersWhyFakerootDoesNotWork() {
    Host host =
        Machines.debian()
            .answer(new Answer(1, "", "unshare: failed to find newuidmap"), Machines.TRY_FAKEROOT);
    assertEquals(
        Map.of("fakeroot is not possible", "unshare: failed to find newuidmap"),
        present(host).facts());
  }
}
