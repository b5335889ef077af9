/** Reads site configuration and workflows from YAML. Exports nothing: it is found as a service. */
module io.overlaysdk.yaml {
  requires com.fasterxml.jackson.core;
  requires com.fasterxml.jackson.dataformat.yaml;
  requires io.overlaysdk;
  requires org.yaml.snakeyaml;

  provides io.overlaysdk.spi.ConfigurationReader with
      io.overlaysdk.yaml.YamlConfigurationReader;
}
