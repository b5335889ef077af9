package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code overlay doctor} where the cause of a finding is real, in a mount namespace of its own. */
@Timeout(120)
class DoctorIT {
  private static final boolean ROOT = System.getProperty("user.name").equals("root");

  @TempDir private Path directory;
  private Path scratch;
  private Path output;
  private Path errors;

  @BeforeEach
  void configure() throws IOException {
    scratch = Files.createDirectory(directory.resolve("scratch"));
    output = directory.resolve("output");
    errors = directory.resolve("errors");
    Files.writeString(
        directory.resolve("config.yaml"),
        "scratch: \"" + scratch + "\"\nstate: \"" + directory.resolve("state") + "\"\n");
  }

  /** What it finds after this shell script, if any; {@code $1} is the scratch directory. */
  private Map<String, JsonNode> findings(String cause) throws Exception {
    ProcessBuilder child = ChildJvm.of(directory, "io.overlaysdk.cli.Main", "doctor", "--json");
    List<String> words = new ArrayList<>(List.of("unshare"));
    if (!ROOT) {
      words.addAll(List.of("--user", "--map-current-user", "--keep-caps"));
    }
    words.addAll(List.of("--mount", "sh", "-ec", cause + "\nshift\nexec \"$@\"", "sh"));
    words.add(scratch.toString());
    words.addAll(child.command());
    child
        .command(cause.isEmpty() ? child.command() : words)
        .redirectInput(Path.of("/dev/null").toFile())
        .redirectOutput(output.toFile())
        .redirectError(errors.toFile());
    child.environment().put("OVERLAYSDK_CONFIG", directory.resolve("config.yaml").toString());
    child.start().waitFor();
    Map<String, JsonNode> findings = new HashMap<>();
    JsonNode all = new ObjectMapper().readTree(Files.readString(output)).get("findings");
    all.forEach(finding -> findings.put(finding.get("subject").textValue(), finding));
    return findings;
  }

  private static void assertLevel(String level, JsonNode finding, String said) {
    assertEquals(level, finding.get("level").textValue(), finding::toString);
    assertTrue(finding.toString().contains(said), finding::toString);
    for (String field : List.of("tried", "found")) {
      assertTrue(!finding.get(field).textValue().isEmpty(), finding::toString);
    }
    if (!level.equals("FINE")) {
      assertTrue(!finding.get("meaning").textValue().isEmpty(), finding::toString);
      assertTrue(!finding.get("remedy").textValue().isEmpty(), finding::toString);
    }
  }

  @Test
  void findsAGoodMachineGoodAndLeavesNothing() throws Exception {
    Map<String, JsonNode> findings = findings("");
    for (String subject :
        List.of(
            "kernel",
            "user namespaces",
            "FUSE",
            "subordinate ids",
            "apptainer",
            "unshare",
            "scratch directory: attributes",
            "scratch directory: locks",
            "scratch directory: overlay of the kernel",
            "scratch directory: file system",
            "scratch directory: room")) {
      assertLevel("FINE", findings.get(subject), "");
    }
    try (Stream<Path> left = Files.list(scratch)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void seesThatTheDeviceOfFuseIsMissing() throws Exception {
    Map<String, JsonNode> findings =
        findings("mount -t tmpfs -o mode=755 tmpfs /dev; : >/dev/null");
    assertLevel("WARNING", findings.get("FUSE"), "/dev/fuse cannot be opened");
  }

  @Test
  void seesThatAUserHasNoSubordinateIds() throws Exception {
    Map<String, JsonNode> findings = findings("mount --bind /dev/null /etc/subuid");
    assertLevel(ROOT ? "FINE" : "WARNING", findings.get("subordinate ids"), ROOT ? "" : "has none");
  }

  @Test
  void seesThatUserNamespacesAreSwitchedOff() throws Exception {
    if (!ROOT) {
      Map<String, JsonNode> findings = findings("echo 0 >/proc/sys/user/max_user_namespaces");
      assertLevel("PROBLEM", findings.get("user namespaces"), "sysctl user.max_user_namespaces");
      // who was to map the ids waits for ever where unshare (util-linux 2.38) has failed
      List<String> left =
          ProcessHandle.allProcesses()
              .flatMap(process -> process.info().commandLine().stream())
              .filter(words -> words.contains("--map-auto"))
              .toList();
      assertEquals(List.of(), left);
    }
  }

  @Test
  void seesThatTheScratchDirectoryLiesOnAnOverlay() throws Exception {
    Map<String, JsonNode> findings =
        findings(
            "mount -t tmpfs tmpfs \"$1\"; cd \"$1\"; mkdir l u w; mount -t overlay overlay -o"
                + " lowerdir=l,upperdir=u,workdir=w"
                + (ROOT ? "" : ",userxattr")
                + " \"$1\"; cd /");
    assertLevel("WARNING", findings.get("scratch directory: file system"), "overlay");
    assertLevel(
        "WARNING", findings.get("scratch directory: overlay of the kernel"), "fuse-overlayfs");
  }

  @Test
  void seesThatTheScratchDirectoryIsReadOnly() throws Exception {
    Map<String, JsonNode> findings = findings("mount -t tmpfs -o ro tmpfs \"$1\"");
    assertLevel("PROBLEM", findings.get("scratch directory"), "no session can be opened");
  }

  @Test
  void seesThatTheScratchDirectoryIsFull() throws Exception {
    Map<String, JsonNode> bytes = findings("mount -t tmpfs -o size=1m tmpfs \"$1\"");
    assertLevel("PROBLEM", bytes.get("scratch directory: room"), "bytes are free");
    Map<String, JsonNode> inodes = findings("mount -t tmpfs -o nr_inodes=50 tmpfs \"$1\"");
    assertLevel("PROBLEM", inodes.get("scratch directory: room"), "inodes are free");
  }
}
