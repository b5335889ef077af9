package io.overlaysdk.yaml;

import io.overlaysdk.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Workflows and site configuration, from the bytes on. */
public final class YamlFuzz {
  private static final Path FILE = make();

  private YamlFuzz() {}

  private static Path make() {
    try {
      return Files.createTempFile("fuzzed-", ".yaml");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    Files.write(FILE, data);
    YamlConfigurationReader reader = new YamlConfigurationReader();
    try {
      reader.configuration(FILE);
    } catch (ConfigException e) {
      // refused with its place
    }
    try {
      reader.workflow(FILE);
    } catch (ConfigException e) {
      // refused with its place
    }
  }
}
