package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Identity;
import io.overlaysdk.spi.Identity.IdRanges;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostMachineTest {
  @TempDir Path root;

  @ParameterizedTest
  @CsvSource({
    "amd64, amd64",
    "x86_64, amd64",
    "aarch64, arm64",
    "i386, 386",
    "x86, 386",
    "arm, arm",
    "ppc64le, ppc64le",
    "s390x, s390x",
    "riscv64, riscv64",
    "loongarch64, loong64"
  })
  void namesTheArchitectureAsGoDoes(String java, String go) {
    assertEquals(go, HostMachine.architecture(java));
  }

  @Test
  void readsWhoRunsThis() throws IOException {
    status(1000, 100, "0000000000000000");
    write("etc/passwd", "root:x:0:0::/root:/bin/sh\nann:x:1000:100:Ann:/home/ann:/bin/sh\n");
    write("etc/subuid", "bob:100000:65536\nann:165536:65536\nann:500000:1\n");
    write("etc/subgid", "1000:265536:1000\n");

    assertEquals(
        new Identity(
            1000,
            100,
            "ann",
            Path.of("/home/ann"),
            false,
            Optional.of(new IdRanges(165536, 65536, 265536, 1000))),
        host().identity());
  }

  @Test
  void takesTheEffectiveIdOfTheProcess() throws IOException {
    write("proc/self/status", "Uid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n");

    assertEquals(2, host().identity().uid());
    assertEquals(6, host().identity().gid());
  }

  @Test
  void givesNoRangesWhereOnlyUsersHaveOne() throws IOException {
    status(1000, 100, "0");
    write("etc/passwd", "ann:x:1000:100:Ann:/home/ann:/bin/sh\n");
    write("etc/subuid", "ann:165536:65536\n");

    assertEquals(Optional.empty(), host().identity().subordinate());
  }

  @Test
  void passesOverMalformedLinesAndNamesInOtherEncodings() throws IOException {
    status(1000, 100, "0");
    Files.createDirectories(root.resolve("etc"));
    Files.write(
        root.resolve("etc/passwd"), latin1("j\u00f6rg:x:1:1::/x:/x\nann:x:1000:1::/h:/s\n"));
    write("etc/subuid", "\n# ann\nann:x:y\nann:1\nann:1:2:3\nann:10:20\n");
    write("etc/subgid", "ann:30:40\n");

    assertEquals("ann", host().identity().user());
    assertEquals(Optional.of(new IdRanges(10, 20, 30, 40)), host().identity().subordinate());
  }

  @Test
  void knowsAUserThatIsInNoFile() throws IOException {
    status(4242, 100, "0");

    Identity identity = host().identity();
    assertFalse(identity.user().isEmpty() || identity.user().equals("?"), identity.user());
    assertTrue(identity.home().isAbsolute(), identity.home().toString());
  }

  @ParameterizedTest
  @CsvSource({
    "0, 000001ffffffffff, 40, true",
    "0, 000001fffeffffff, 40, false",
    "0, 000001ffffffffff, 41, false",
    "0, ffffffffffffffff, 63, true",
    "0, 000001ffffffffff, ?, false",
    "0, nonsense, 40, false",
    "1000, 000001ffffffffff, 40, false"
  })
  void isCapableAsRootWithEveryCapability(int uid, String held, String last, boolean expected)
      throws IOException {
    status(uid, 0, held);
    write("proc/sys/kernel/cap_last_cap", last + "\n");

    assertEquals(expected, host().identity().capable());
  }

  @Test
  void saysWhereTheKernelDoesNotTellWhoThisIs() throws IOException {
    assertTrue(
        assertThrows(OverlayException.class, () -> host().identity())
            .getMessage()
            .contains("/proc must be mounted"));

    write("proc/self/status", "Name:\tjava\n");
    assertTrue(
        assertThrows(OverlayException.class, () -> host().identity())
            .getMessage()
            .contains("\"Uid: null\""));
  }

  @Test
  void knowsThisMachine() throws IOException {
    Identity identity =
        new HostMachine(Map.of(), System.getenv(), words -> Optional.empty()).identity();
    Path own = Files.createFile(root.resolve("own"));

    assertEquals(Files.getAttribute(own, "unix:uid"), identity.uid());
    assertEquals("Linux", host().os());
  }

  @Test
  void findsTheFirstProgramOnPath() throws IOException {
    Path second = program("b/tool");
    Files.createDirectories(root.resolve("a/tool"));
    write("d/tool", "not executable");
    program("c/tool");

    assertEquals(
        Optional.of(second),
        host(path("d") + ":" + path("a") + ":" + path("b") + ":" + path("c")).find("tool"));
  }

  @Test
  void findsAProgramBehindPath() throws IOException {
    Path tool = program("usr/sbin/mkfs.ext3");

    assertEquals(Optional.of(tool), host("/nowhere").find("mkfs.ext3"));
    assertEquals(Optional.of(tool), host().find("mkfs.ext3"));
    assertEquals(Optional.empty(), host().find("mkfs.ext4"));
  }

  @Test
  void neverLooksInARelativeDirectoryNorThroughAName() throws IOException {
    Path tool = program("b/tool");
    Path relative = Path.of("").toAbsolutePath().relativize(tool.getParent());

    assertEquals(Optional.empty(), host(relative + ":.::").find("tool"));
    assertEquals(Optional.empty(), host(path("b")).find(tool.toString()));
    assertEquals(Optional.empty(), host(path("b")).find(""));
  }

  @Test
  void takesTheConfiguredProgramBeforePath() throws IOException {
    Path configured = program("opt/tool");
    program("b/tool");
    Host host =
        new HostMachine(
            Map.of("tool", configured), Map.of("PATH", path("b")), words -> Optional.empty(), root);

    assertEquals(Optional.of(configured), host.find("tool"));
  }

  @Test
  void refusesAConfiguredProgramThatIsNotThere() throws IOException {
    program("b/tool");
    Path configured = root.resolve("gone");
    Host host =
        new HostMachine(
            Map.of("tool", configured), Map.of("PATH", path("b")), words -> Optional.empty(), root);

    String message = assertThrows(InvalidSpecException.class, () -> host.find("tool")).getMessage();
    assertTrue(message.startsWith("the configuration says that tool is " + configured), message);
  }

  @Test
  void readsSmallTextsOnly() throws IOException {
    write("small", "x".repeat(64 * 1024));
    write("large", "x".repeat(64 * 1024 + 1));

    assertEquals(Optional.of("x".repeat(64 * 1024)), host().read(root.resolve("small")));
    assertEquals(Optional.empty(), host().read(root.resolve("large")));
    assertEquals(Optional.empty(), host().read(root.resolve("missing")));
    assertEquals(Optional.empty(), host().read(root));
    assertEquals(Optional.empty(), host().read(Path.of("/dev/zero")));
  }

  @Test
  void readsFilesOfTheKernel() {
    assertTrue(host().read(Path.of("/proc/self/status")).orElseThrow().contains("\nUid:\t"));
  }

  @Test
  void tellsWhatCanBeReadAndWritten() throws IOException {
    write("file", "");

    assertTrue(host().isWritable(root.resolve("file")));
    assertTrue(host().isWritable(root));
    assertFalse(host().isWritable(root.resolve("missing")));
  }

  @Test
  void leavesAskingToWhatItWasGiven() {
    Host.Answer answer = new Host.Answer(0, "1.4.5\n", "");
    Host host =
        new HostMachine(
            Map.of(),
            Map.of(),
            words ->
                words.equals(List.of("/bin/tool", "version"))
                    ? Optional.of(answer)
                    : Optional.empty());

    assertEquals(Optional.of(answer), host.ask(List.of("/bin/tool", "version")));
    assertEquals(Optional.empty(), host.ask(List.of("/bin/tool")));
  }

  private HostMachine host() {
    return new HostMachine(Map.of(), Map.of(), words -> Optional.empty(), root);
  }

  private HostMachine host(String path) {
    return new HostMachine(Map.of(), Map.of("PATH", path), words -> Optional.empty(), root);
  }

  private String path(String name) {
    return root.resolve(name).toString();
  }

  private void status(int uid, int gid, String capabilities) throws IOException {
    write(
        "proc/self/status",
        String.format(
            "Name:\tjava\nUid:\t%1$d\t%1$d\t%1$d\t%1$d\nGid:\t%2$d\t%2$d\t%2$d\t%2$d\nCapEff:\t%3$s\n",
            uid, gid, capabilities));
  }

  private Path program(String name) throws IOException {
    Path file = write(name, "");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    return file;
  }

  private Path write(String name, String content) throws IOException {
    Path file = root.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }

  private static byte[] latin1(String text) {
    return text.getBytes(ISO_8859_1);
  }
}
