package io.overlaysdk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.workflow.Workflow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationTest {
  private static final Bind BIND = Bind.parse("/data:/data:ro");

  @TempDir Path directory;

  @Test
  void defaultsLeaveEverythingToThePlatform() {
    Configuration defaults = Configuration.defaults();
    assertEquals(List.of(), defaults.backends());
    assertEquals(Map.of(), defaults.executables());
    assertEquals(Optional.empty(), defaults.scratch());
    assertEquals(Optional.empty(), defaults.state());
    assertEquals(List.of(), defaults.binds());
    assertEquals(Set.of(), defaults.shares());
    assertEquals(Map.of(), defaults.variables());
    assertEquals(Optional.empty(), defaults.timeLimit());
    assertEquals(Duration.ofSeconds(5), defaults.grace());
    assertEquals(16 * 1024 * 1024, defaults.outputLimit());
    assertEquals(defaults, Configuration.builder().build());
  }

  @Test
  void keepsWhatTheBuilderWasGivenInItsOrder() {
    Configuration configuration = full().build();
    assertEquals(List.of("two", "one"), configuration.backends());
    assertEquals(List.of("b", "a"), List.copyOf(configuration.executables().keySet()));
    assertEquals(Path.of("/opt/b"), configuration.executables().get("b"));
    assertEquals(Optional.of(Path.of("/scratch")), configuration.scratch());
    assertEquals(Optional.of(Path.of("/state")), configuration.state());
    assertEquals(List.of(BIND), configuration.binds());
    assertEquals(Set.of(Share.TMP, Share.HOME), configuration.shares());
    assertEquals(List.of("Z", "A"), List.copyOf(configuration.variables().keySet()));
    assertEquals(Optional.of(Duration.ofHours(1)), configuration.timeLimit());
    assertEquals(Duration.ofSeconds(1), configuration.grace());
    assertEquals(0, configuration.outputLimit());
  }

  @Test
  void isAValue() {
    assertEquals(full().build(), full().build());
    assertEquals(full().build().hashCode(), full().build().hashCode());
    assertNotEquals(full().build(), full().backend("three").build());
    assertTrue(
        full().build().toString().startsWith("Configuration[backends=[two, one], executables={b="),
        full().build().toString());
    Configuration secret = Configuration.builder().variable("A", "s3cret").build();
    assertTrue(secret.toString().contains("variables={A=...}"), secret.toString());
    assertFalse(secret.toString().contains("s3cret"), secret.toString());
  }

  @Test
  void doesNotChangeWithItsBuilderAfterwards() {
    Configuration.Builder builder = full();
    Configuration before = builder.build();
    builder.backend("three").executable("c", Path.of("/c")).bind(BIND).share(Share.ENVIRONMENT);
    builder.variable("B", "2");
    assertEquals(full().build(), before);
    assertThrows(UnsupportedOperationException.class, () -> before.backends().clear());
    assertThrows(UnsupportedOperationException.class, () -> before.executables().clear());
    assertThrows(UnsupportedOperationException.class, () -> before.binds().clear());
    assertThrows(UnsupportedOperationException.class, () -> before.shares().clear());
    assertThrows(UnsupportedOperationException.class, () -> before.variables().clear());
  }

  @Test
  void refusesPathsThatDependOnTheWorkingDirectory() {
    Configuration.Builder builder = Configuration.builder();
    Path relative = Path.of("a");
    assertEquals(
        "the executable apptainer must be an absolute path: a",
        refusal(() -> builder.executable("apptainer", relative)));
    assertEquals(
        "the scratch directory must be an absolute path: a",
        refusal(() -> builder.scratch(relative)));
    assertEquals(
        "the state directory must be an absolute path: a", refusal(() -> builder.state(relative)));
  }

  @Test
  void refusesLimitsThatNothingCanKeep() {
    Configuration.Builder builder = Configuration.builder();
    assertTrue(refusal(() -> builder.timeLimit(Duration.ZERO)).contains("PT0S"));
    assertTrue(refusal(() -> builder.grace(Duration.ofSeconds(-1))).contains("PT-1S"));
    assertTrue(refusal(() -> builder.outputLimit(-1)).contains("-1"));
    assertTrue(refusal(() -> builder.variable("1A", "")).contains("\"1A\""));
  }

  @Test
  void aMissingFileIsAnErrorThatNamesIt() {
    Path file = directory.resolve("config.yaml");
    ConfigException e = assertThrows(ConfigException.class, () -> Configuration.read(file));
    assertEquals(file, e.file());
    assertTrue(e.getMessage().startsWith(file + ": there is no such configuration file"));
    assertThrows(ConfigException.class, () -> Configuration.read(directory));
    assertThrows(ConfigException.class, () -> Workflow.read(file));
  }

  @Test
  void aFileThatNothingCanReadIsAnErrorThatNamesTheMissingDependency() throws IOException {
    Path file = Files.writeString(directory.resolve("config.yaml"), "backends: [apptainer]\n");
    String expected =
        file
            + ": nothing on the class path reads YAML: add the dependency"
            + " io.overlaysdk:overlay-sdk-yaml";
    for (Executable reading :
        List.<Executable>of(() -> Configuration.read(file), () -> Workflow.read(file))) {
      ConfigException e = assertThrows(ConfigException.class, reading);
      assertEquals(expected, e.getMessage());
      assertEquals(0, e.line());
    }
  }

  private static Configuration.Builder full() {
    return Configuration.builder()
        .backend("two")
        .backend("one")
        .executable("b", Path.of("/opt/b"))
        .executable("a", Path.of("/opt/a"))
        .scratch(Path.of("/scratch"))
        .state(Path.of("/state"))
        .bind(BIND)
        .share(Share.TMP)
        .share(Share.HOME)
        .variable("Z", "1")
        .variable("A", "")
        .timeLimit(Duration.ofHours(1))
        .grace(Duration.ofSeconds(1))
        .outputLimit(0);
  }

  private static String refusal(Executable action) {
    return assertThrows(InvalidSpecException.class, action).getMessage();
  }
}
