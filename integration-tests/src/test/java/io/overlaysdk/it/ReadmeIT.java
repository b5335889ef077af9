package io.overlaysdk.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.Configuration;
import io.overlaysdk.OverlaySdk;
import io.overlaysdk.workflow.StepReport;
import io.overlaysdk.workflow.Workflow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What README.md shows is what works: its commands and its YAML are run, its Java is compiled. */
@Timeout(300)
class ReadmeIT {
  private static final Pattern FENCE = Pattern.compile("```(\\w+)\n(.*?)```", Pattern.DOTALL);
  private static final Pattern MARKED =
      Pattern.compile("// readme:start\n(.*?) *// readme:end", Pattern.DOTALL);

  @TempDir Path directory;

  @Test
  void theJavaIsThatOfTheExampleThatTheBuildCompiles() throws IOException {
    String example =
        Files.readString(
            Checkout.root()
                .resolve("examples/library-user/src/main/java/example/library/Greeting.java"));
    Matcher marked = MARKED.matcher(example);
    assertTrue(marked.find());
    assertEquals(List.of(marked.group(1).indent(-4)), snippets("java"));
  }

  @Test
  void theCommandsAndTheWorkflowRun() throws Exception {
    Tools.require("apptainer");
    Files.createSymbolicLink(directory.resolve("overlay"), Checkout.root().resolve("overlay"));
    Files.createSymbolicLink(directory.resolve("examples"), Checkout.root().resolve("examples"));
    List<String> commands =
        snippets("sh").stream().flatMap(String::lines).filter(l -> !l.isBlank()).toList();
    assertFalse(commands.isEmpty());
    for (String command : commands) {
      Path log = directory.resolve("log");
      Process process =
          new ProcessBuilder("/bin/sh", "-c", command)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .redirectInput(Path.of("/dev/null").toFile())
              .start();
      assertEquals(0, process.waitFor(), () -> command + "\n" + read(log));
    }
    List<String> workflows = snippets("yaml");
    assertEquals(2, workflows.size());
    playInDirectory(workflows.get(0));
  }

  @Test
  void thePolicyIsRead() throws IOException {
    Path file = Files.writeString(directory.resolve("config.yaml"), snippets("yaml").get(1));
    assertEquals(16, Configuration.read(file).policy().rules().size());
  }

  /** Images are looked for in the current directory, which a JVM cannot change. */
  private void playInDirectory(String text) throws IOException {
    Path image = directory.resolve("base_container.sif");
    Path file = directory.resolve("workflow.yaml");
    Files.writeString(file, text.replace("base_container.sif", image.toString()));
    List<StepReport> reports = new ArrayList<>();
    try (OverlaySdk sdk = OverlaySdk.open()) {
      assertTrue(sdk.run(Workflow.read(file), reports::add), reports::toString);
    }
  }

  private static List<String> snippets(String language) throws IOException {
    List<String> snippets = new ArrayList<>();
    Matcher fence = FENCE.matcher(Files.readString(Checkout.root().resolve("README.md")));
    while (fence.find()) {
      if (fence.group(1).equals(language)) {
        snippets.add(fence.group(2));
      }
    }
    return snippets;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, UTF_8);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
