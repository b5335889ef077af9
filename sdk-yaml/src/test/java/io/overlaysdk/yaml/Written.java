package io.overlaysdk.yaml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.overlaysdk.ConfigException;
import io.overlaysdk.Configuration;
import io.overlaysdk.workflow.Workflow;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file that a test wrote, and what reading it must give. */
record Written(Path file) {

  static Written to(Path directory, String text) throws IOException {
    return new Written(Files.writeString(directory.resolve("file.yaml"), text));
  }

  static Written to(Path directory, byte[] bytes) throws IOException {
    return new Written(Files.write(directory.resolve("file.yaml"), bytes));
  }

  Configuration configuration() {
    return new YamlConfigurationReader().configuration(file);
  }

  Workflow workflow() {
    return new YamlConfigurationReader().workflow(file);
  }

  void configurationFailsAt(int line, int column, String keyPath, String problem) {
    assertPlace(
        assertThrows(ConfigException.class, this::configuration), line, column, keyPath, problem);
  }

  void workflowFailsAt(int line, int column, String keyPath, String problem) {
    assertPlace(
        assertThrows(ConfigException.class, this::workflow), line, column, keyPath, problem);
  }

  private void assertPlace(
      ConfigException e, int line, int column, String keyPath, String problem) {
    assertEquals(
        line + ":" + column + " " + keyPath,
        e.line() + ":" + e.column() + " " + e.keyPath(),
        e.getMessage());
    assertEquals(file, e.file());
    assertTrue(e.getMessage().contains(problem), e.getMessage());
  }
}
