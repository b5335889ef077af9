package io.overlaysdk.yaml;

import io.overlaysdk.Configuration;
import io.overlaysdk.spi.ConfigurationReader;
import io.overlaysdk.workflow.Workflow;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Reads configuration and workflows from YAML. Public for {@link java.util.ServiceLoader}; not for
 * direct use.
 */
public final class YamlConfigurationReader implements ConfigurationReader {

  public YamlConfigurationReader() {}

  /** {@inheritDoc} A file without any content, or with comments only, decides nothing. */
  @Override
  public Configuration configuration(Path file) {
    return read(file).map(ConfigurationFile::read).orElse(Configuration.defaults());
  }

  @Override
  public Workflow workflow(Path file) {
    return read(file)
        .map(WorkflowFile::read)
        .orElseThrow(() -> Place.of(file).error("there is no workflow in this file"));
  }

  private static Optional<Node> read(Path file) {
    return NodeParser.parse(file, YamlText.read(file));
  }
}
