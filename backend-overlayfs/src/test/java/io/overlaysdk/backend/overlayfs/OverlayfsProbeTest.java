package io.overlaysdk.backend.overlayfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Host.Answer;
import io.overlaysdk.spi.Probe.Absent;
import io.overlaysdk.spi.Probe.Present;
import io.overlaysdk.testkit.FakeHost;
import io.overlaysdk.testkit.Identities;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class OverlayfsProbeTest {
  private static Present present(Host host) {
    return assertInstanceOf(Present.class, new OverlayfsBackend().probe(host));
  }

  private static Absent absent(Host host) {
    return assertInstanceOf(Absent.class, new OverlayfsBackend().probe(host));
  }

  @Test
  void needsUtilLinuxOnly() {
    Present present = present(Machines.bare());
    assertEquals(Set.of("unshare", "mount", "sh"), present.tools().keySet());
    assertEquals(
        Map.of("FUSE is not possible", "/dev/fuse cannot be opened for reading and writing"),
        present.facts());
  }

  @Test
  void usesWhatMountsFiles() {
    Present present = present(Machines.withFuse());
    assertEquals("0.5.2", present.tool("squashfuse").orElseThrow().version());
    assertEquals(Map.of(), present.facts());
  }

  @Test
  void seesThatAnOldSquashfuseCannotGiveFilesToTheUser() {
    assertEquals(
        Map.of("squashfuse does not know the option uid", "/usr/bin/squashfuse"),
        present(Machines.withSquashfuse("")).facts());
  }

  @Test
  void findsLoopDevicesForRoot() {
    Present root = present(Machines.withLoop().identity(Identities.root()));
    assertEquals("squashfs ext3", root.fact("loop mounts").orElseThrow());
    assertTrue(present(Machines.withLoop()).fact("loop mounts").isEmpty());
  }

  @Test
  void saysWhatForbidsUserNamespaces() {
    Answer refused = new Answer(1, "", "unshare: unshare failed: Operation not permitted\n");
    Absent absent = absent(Machines.bare().answer(refused, Machines.TRY_USER));
    assertEquals(
        "namespaces cannot be made: unshare: unshare failed: Operation not permitted",
        absent.reason());
    for (String cause : Set.of("max_user_namespaces", "apparmor", "seccomp", "Linux 5.11")) {
      assertTrue(absent.remedy().contains(cause), absent.remedy());
    }
  }

  @Test
  void saysThatLinuxIsNeeded() {
    for (String os : Set.of("Mac OS X", "Windows 11")) {
      assertEquals("a merged root needs Linux, this is " + os, absent(FakeHost.os(os)).reason());
    }
  }
}
