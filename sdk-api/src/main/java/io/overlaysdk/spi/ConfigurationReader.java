package io.overlaysdk.spi;

import io.overlaysdk.ConfigException;
import io.overlaysdk.Configuration;
import io.overlaysdk.workflow.Workflow;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** Reads files into the values that a program would build. Implemented by overlay-sdk-yaml. */
public interface ConfigurationReader {

  /**
   * The configuration in a file.
   *
   * @throws ConfigException where the file is not a configuration, with the place in it
   */
  Configuration configuration(Path file);

  /**
   * The workflow in a file.
   *
   * @throws ConfigException where the file is not a workflow, with the place in it
   */
  Workflow workflow(Path file);

  /**
   * The reader on the class path. A file that nothing can read is an error and is never passed
   * over: it may hold the site's policy.
   *
   * @throws ConfigException where there is none, and then the message names the missing dependency;
   *     or where it cannot be loaded
   */
  static ConfigurationReader forFile(Path file) {
    try {
      return ServiceLoader.load(ConfigurationReader.class)
          .findFirst()
          .or(ConfigurationReader::besideThisClass)
          .orElseThrow(
              () ->
                  new ConfigException(
                      file,
                      0,
                      0,
                      "",
                      "nothing on the class path reads YAML: add the dependency"
                          + " io.overlaysdk:overlay-sdk-yaml"));
    } catch (ServiceConfigurationError e) {
      throw new ConfigException(
          file, 0, 0, "", "what reads YAML cannot be loaded: " + e.getMessage(), e);
    }
  }

  /** For threads whose context class loader does not know the SDK. */
  private static Optional<ConfigurationReader> besideThisClass() {
    return ServiceLoader.load(ConfigurationReader.class, ConfigurationReader.class.getClassLoader())
        .findFirst();
  }
}
