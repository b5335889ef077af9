package io.overlaysdk.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Finding;
import io.overlaysdk.Finding.Level;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Host.Answer;
import io.overlaysdk.testkit.FakeHost;
import io.overlaysdk.testkit.Identities;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Machines that are only told of; those of which a test makes the cause real are in DoctorIT. */
final class MachineCheckTest {
  private static final String[] NAMESPACE = {
    "/usr/bin/unshare", "--user", "--map-current-user", "--keep-caps", "--mount", "true"
  };
  private static final String[] MAP_AUTO = {
    "/usr/bin/unshare", "--user", "--map-root-user", "--map-auto", "true"
  };

  private static FakeHost good() {
    return FakeHost.linux()
        .file("/proc/sys/kernel/osrelease", "6.1.0-13-amd64\n")
        .program("unshare", "/usr/bin/unshare")
        .answer("unshare from util-linux 2.38.1", "/usr/bin/unshare", "--version")
        .answer("", NAMESPACE)
        .answer("", MAP_AUTO)
        .writable("/dev/fuse");
  }

  private static Map<String, Finding> check(Host host) {
    return MachineCheck.of(host).stream()
        .collect(Collectors.toMap(Finding::subject, Function.identity()));
  }

  private static Finding finding(Host host, String subject) {
    return check(host).get(subject);
  }

  @Test
  void findsNothingToSayOnAGoodMachine() {
    Map<String, Finding> all = check(good());
    for (String subject :
        new String[] {"kernel", "user namespaces", "FUSE", "subordinate ids", "unshare"}) {
      assertEquals(Level.FINE, all.get(subject).level(), subject);
    }
  }

  @Test
  void saysOnMacAndWindowsThatLinuxIsNeeded() {
    for (String os : new String[] {"Mac OS X", "Windows 11"}) {
      Finding finding = finding(FakeHost.os(os), "operating system");
      assertEquals(Level.PROBLEM, finding.level());
      assertEquals(os, finding.found());
      assertTrue(finding.meaning().contains("need Linux"), finding.meaning());
    }
  }

  @Test
  void saysWhatAnOldKernelCannotDo() {
    Finding finding =
        finding(good().file("/proc/sys/kernel/osrelease", "4.18.0-553.el8\n"), "kernel");
    assertEquals(Level.WARNING, finding.level());
    assertTrue(finding.meaning().contains("5.11"), finding.meaning());
  }

  @Test
  void namesTheSettingThatForbidsUserNamespaces() {
    FakeHost forbidden = good().answer(new Answer(1, "", "unshare: not permitted\n"), NAMESPACE);
    for (Map.Entry<String, String> setting :
        Map.of(
                "/proc/sys/user/max_user_namespaces", "0\n",
                "/proc/sys/kernel/unprivileged_userns_clone", "0\n",
                "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n")
            .entrySet()) {
      Finding finding =
          finding(forbidden.file(setting.getKey(), setting.getValue()), "user namespaces");
      assertEquals(Level.PROBLEM, finding.level());
      assertEquals("unshare: not permitted", finding.found());
      String name = setting.getKey().replaceAll(".*/", "");
      assertTrue(finding.remedy().contains(name), finding.remedy());
    }
    assertTrue(finding(forbidden, "user namespaces").remedy().contains("seccomp"));
  }

  @Test
  void saysWhatSubordinateIdsAreNeededFor() {
    Finding none =
        finding(good().identity(Identities.userWithoutSubordinateIds()), "subordinate ids");
    assertTrue(none.remedy().contains("usermod --add-subuids"), none.remedy());
    Finding unusable =
        finding(good().answer(new Answer(1, "", "no newuidmap"), MAP_AUTO), "subordinate ids");
    assertEquals("no newuidmap", unusable.found());
    assertTrue(unusable.remedy().contains("uidmap"), unusable.remedy());
  }

  @Test
  void saysWhatAnOldToolLacks() {
    FakeHost host =
        good()
            .program("fuse2fs", "/usr/bin/fuse2fs")
            .answer(new Answer(0, "", "fuse2fs 1.47.0 (5-Feb-2023)"), "/usr/bin/fuse2fs", "-V")
            .program("squashfuse", "/usr/bin/squashfuse")
            .answer(new Answer(254, "", "squashfuse 0.1.104 (c)"), "/usr/bin/squashfuse", "--help")
            .program("fuse-overlayfs", "/usr/bin/fuse-overlayfs")
            .answer(
                "fusermount3 version: 3.14.0\nfuse-overlayfs: version 1.14",
                "/usr/bin/fuse-overlayfs",
                "--version");
    assertTrue(finding(host, "fuse2fs").meaning().startsWith("before 1.47.3"));
    assertTrue(finding(host, "squashfuse").meaning().contains("overlayfs refuses it"));
    assertEquals("1.14 (/usr/bin/fuse-overlayfs)", finding(host, "fuse-overlayfs").found());
    assertEquals("it is not here", finding(host, "mkfs.ext3").found());
  }

  @Test
  void comparesVersionsAsNumbers() {
    assertTrue(MachineCheck.isOlder("1.9", "1.10"));
    assertTrue(MachineCheck.isOlder("1.47.0", "1.47.3"));
    assertFalse(MachineCheck.isOlder("1.47.10", "1.47.3"));
    assertFalse(MachineCheck.isOlder("2.38", "2.38.0"));
    assertFalse(MachineCheck.isOlder("unknown", "1"));
  }
}
