/**
 * YAML read into the values that a program would build; start at {@link
 * io.overlaysdk.yaml.YamlConfigurationReader}.
 *
 * <p>A file becomes text ({@code YamlText}), text becomes nodes that know their place ({@code
 * NodeParser}), and each section is read by code that names its keys. No object is ever bound to a
 * class by name, and nothing is carried out while a file is read.
 */
package io.overlaysdk.yaml;
