package io.overlaysdk.it.processes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The file in {@code /etc} holds for everybody; here in a mount namespace with another one. */
@Timeout(120)
class SitePolicyIT {
  private static final boolean ROOT = System.getProperty("user.name").equals("root");
  private static final String FILE = "/etc/overlay-sdk/config.yaml";

  @TempDir private Path directory;
  private Path own;

  @BeforeEach
  void configure() throws IOException {
    Path image = Files.createDirectory(directory.resolve("image"));
    Path etc = Files.createDirectories(directory.resolve("etc/overlay-sdk"));
    Files.writeString(etc.resolve("config.yaml"), "policy: {images: {paths: [/site]}}\n");
    own =
        Files.writeString(
            directory.resolve("own.yaml"),
            "policy: {images: {paths: [" + image + "]}}\nscratch: " + directory + "\n");
  }

  /** What it says when it fails, with a policy in {@link #FILE}. */
  private String overlay(String... arguments) throws Exception {
    Path errors = directory.resolve("errors");
    ProcessBuilder child = ChildJvm.of(directory, "io.overlaysdk.cli.Main", arguments);
    List<String> words = new ArrayList<>(List.of("unshare"));
    if (!ROOT) {
      words.addAll(List.of("--user", "--map-root-user"));
    }
    String script =
        "chmod -R go=rX \"$1\"; mount -t overlay -o \"lowerdir=$1:/etc\" overlay /etc; shift; exec"
            + " \"$@\"";
    words.addAll(List.of("--mount", "sh", "-ec", script, "sh", directory + "/etc"));
    words.addAll(child.command());
    child
        .command(words)
        .redirectInput(Path.of("/dev/null").toFile())
        .redirectOutput(directory.resolve("output").toFile())
        .redirectError(errors.toFile());
    child.environment().put("OVERLAYSDK_CONFIG", own.toString());
    int ended = child.start().waitFor();
    String said = Files.readString(errors);
    assertEquals(125, ended, said);
    return said;
  }

  /** In a plain user's own namespace that file is nobody's, which is not root's either. */
  @Test
  void aConfigurationOfOnesOwnDoesNotWidenIt() throws Exception {
    String said = overlay("exec", directory.resolve("image").toString(), "--", "true");
    assertTrue(
        said.contains(
            ROOT
                ? "not allowed by the policy in " + FILE + " (images.paths)"
                : FILE + ": this holds the site's policy, and somebody else than root may write"),
        said);
  }
}
