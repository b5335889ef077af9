package io.overlaysdk.workflow;

import io.overlaysdk.ConfigException;
import io.overlaysdk.spi.ConfigurationReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * Steps that are played one after the other.
 *
 * @param name what it is called in reports
 * @param steps in the order in which they are played
 */
public record Workflow(String name, List<Step> steps) {
  public Workflow {
    Objects.requireNonNull(name, "name");
    steps = List.copyOf(steps);
  }

  /**
   * Reads a workflow from a YAML file. Definition files named in it are looked for beside the
   * workflow file; images and overlays in the current directory, because that is where they are
   * made.
   *
   * @throws ConfigException where the file is wrong or missing, or overlay-sdk-yaml is not on the
   *     class path
   */
  public static Workflow read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new ConfigException(file, 0, 0, "", "there is no such workflow file");
    }
    return ConfigurationReader.forFile(file).workflow(file);
  }

  /** The same steps, each session of them run by the backend of this name and no other. */
  public Workflow backend(String backend) {
    return new Workflow(
        name,
        steps.stream()
            .map(
                step ->
                    step instanceof Step.Run run
                        ? new Step.Run(
                            run.title(),
                            run.session().backend(backend),
                            run.commands(),
                            run.expect())
                        : step)
            .toList());
  }
}
