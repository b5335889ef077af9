package io.overlaysdk.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class FakeHostTest {
  @Test
  void hasNothingThatWasNotTold() {
    FakeHost host = FakeHost.linux();
    assertEquals("Linux", host.os());
    assertEquals(Optional.empty(), host.find("apptainer"));
    assertEquals(Optional.empty(), host.ask(List.of("/usr/bin/apptainer", "--version")));
    assertEquals(Optional.empty(), host.read(Path.of("/etc/subuid")));
    assertFalse(host.isWritable(Path.of("/dev/fuse")));
  }

  @Test
  void hasWhatWasTold() {
    FakeHost host =
        FakeHost.linux()
            .program("tool", "/opt/tool")
            .answer("tool 1.0", "/opt/tool", "--version")
            .file("/etc/tool.conf", "a = b\n")
            .writable("/dev/fuse")
            .identity(Identities.root())
            .architecture("arm64");
    assertEquals(Optional.of(Path.of("/opt/tool")), host.find("tool"));
    assertEquals("tool 1.0\n", host.ask(List.of("/opt/tool", "--version")).get().stdout());
    assertEquals(Optional.of("a = b\n"), host.read(Path.of("/etc/tool.conf")));
    assertTrue(host.isWritable(Path.of("/dev/fuse")));
    assertTrue(host.identity().isRoot());
    assertEquals("arm64", host.architecture());
  }

  @Test
  void isNotChangedByWhatItIsAsked() {
    FakeHost empty = FakeHost.linux();
    empty.program("tool", "/opt/tool");
    assertEquals(Optional.empty(), empty.find("tool"));
  }
}
