package io.overlaysdk.yaml;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.ConfigException;
import io.overlaysdk.Configuration;
import io.overlaysdk.spi.ConfigurationReader;
import io.overlaysdk.workflow.Step;
import io.overlaysdk.workflow.Workflow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TutorialTest {
  private static final Path TUTORIAL = Path.of("../examples/tutorial");

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"tutorial.yaml", "debian.yaml"})
  void readsTheExamples(String name) {
    Workflow workflow = Workflow.read(TUTORIAL.resolve(name));
    assertFalse(workflow.steps().isEmpty());
    assertTrue(
        workflow.steps().stream().allMatch(step -> step.title().length() <= 70), "one line each");
  }

  @Test
  void testsEveryExample() throws IOException {
    try (Stream<Path> files = Files.list(TUTORIAL)) {
      assertEquals(
          List.of("debian.yaml", "tutorial.yaml"),
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".yaml"))
              .sorted()
              .toList());
    }
  }

  @Test
  void tutorialTouchesEveryKindOfStep() {
    assertEquals(
        Stream.of(Step.class.getPermittedSubclasses()).filter(Class::isRecord).count(),
        Workflow.read(TUTORIAL.resolve("tutorial.yaml")).steps().stream()
            .map(Step::getClass)
            .distinct()
            .count());
  }

  @Test
  void isFoundAsAService() throws IOException {
    Path file = Files.writeString(directory.resolve("config.yaml"), "backends: [apptainer]\n");
    assertEquals(YamlConfigurationReader.class, ConfigurationReader.forFile(file).getClass());
    assertEquals(List.of("apptainer"), Configuration.read(file).backends());
  }

  /** What someone mistypes is read, or refused by place; nothing else is ever thrown. */
  @Test
  void givesAWorkflowOrAConfigExceptionForAnyChangeOfTheTutorial() throws IOException {
    byte[] original = Files.readAllBytes(TUTORIAL.resolve("tutorial.yaml"));
    Files.copy(TUTORIAL.resolve("base.def"), directory.resolve("base.def"));
    byte[] odd = "{}[]:,&*!|>'\"%@`#-? \t\n\0\\~<.=0x".getBytes(UTF_8);
    Random random = new Random(2);
    int refused = 0;
    for (int round = 0; round < 1000; round++) {
      byte[] changed = original.clone();
      for (int change = random.nextInt(4); change >= 0; change--) {
        byte value =
            random.nextBoolean() ? odd[random.nextInt(odd.length)] : (byte) random.nextInt();
        changed[random.nextInt(changed.length)] = value;
      }
      refused += isRefused(Written.to(directory, changed)) ? 1 : 0;
    }
    assertTrue(refused > 100, refused + " refused");
  }

  private static boolean isRefused(Written written) {
    try {
      written.workflow();
      return false;
    } catch (ConfigException e) {
      assertTrue(e.line() > 0 && e.column() > 0, e.getMessage());
      return true;
    }
  }
}
