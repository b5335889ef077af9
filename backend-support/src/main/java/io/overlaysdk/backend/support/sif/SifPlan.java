package io.overlaysdk.backend.support.sif;

import io.overlaysdk.Command;
import io.overlaysdk.ContainerPath;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Stdio;
import io.overlaysdk.spi.Step;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One {@code exec} of the tool, which mounts everything by itself.
 *
 * @param configuration what the tool is given in place of the site's configuration
 * @param options what follows {@code --pwd}
 * @param image the image, as the tool is given it
 */
record SifPlan(
    String reason,
    Set<io.overlaysdk.spi.Dialect> reads,
    Optional<io.overlaysdk.spi.Dialect> writes,
    List<Step> prepare,
    Installation installation,
    Optional<Path> configuration,
    List<String> options,
    String image)
    implements Plan {

  /**
   * What the tools set themselves after they have set the user's variables: HOME is refused with a
   * warning, the others get something added (1.4.5).
   */
  private static final Set<String> NOT_OURS = Set.of("HOME", "LD_LIBRARY_PATH", "PROMPT_COMMAND");

  SifPlan {
    prepare = List.copyOf(prepare);
    options = List.copyOf(options);
  }

  @Override
  public boolean locksImages() {
    return true;
  }

  @Override
  public Invocation enter(Command command, Stdio stdio) {
    List<String> arguments = new ArrayList<>();
    configuration.ifPresent(file -> arguments.addAll(List.of("--config", file.toString())));
    // warnings are about what the plan has settled, and would land in the command's stderr
    arguments.add("--silent");
    arguments.add("exec");
    arguments.addAll(installation.dialect().flags(installation.version()));
    arguments.addAll(List.of("--contain", "--cleanenv", "--no-eval", "--no-home", "--pid"));
    arguments.addAll(List.of("--no-mount", "tmp,hostfs,bind-paths,cwd"));
    // --cwd is the newer name of --pwd; every version knows this one
    arguments.add("--pwd");
    arguments.add(command.directory().orElse(ContainerPath.of("/")).text());
    arguments.addAll(options);
    arguments.add(image);
    arguments.addAll(command.words());
    return new Invocation(installation.tool().path(), arguments, environment(command));
  }

  /** Not --env: its value is a comma-separated list, and everybody can read it with ps. */
  private Map<String, String> environment(Command command) {
    Map<String, String> environment = new LinkedHashMap<>();
    command
        .variables()
        .forEach(
            (name, value) -> {
              if (NOT_OURS.contains(name)) {
                throw cannotSet(name, "sets it itself", "Leave it out");
              }
              // the shell that the tools bring along reads it as a line feed (1.4.5)
              if (value.contains("\r\n")) {
                throw cannotSet(
                    name,
                    "drops each carriage return of it that is followed by a line feed",
                    "Leave those out");
              }
              environment.put(installation.dialect().variable(name), value);
            });
    return environment;
  }

  private UnsupportedException cannotSet(String name, String reason, String remedy) {
    return installation.refuse(
        "the variable " + name + " in an image without a shell",
        reason,
        remedy + ", or use an image that has /bin/sh.");
  }

  /** What the tools end with whatever went wrong before the command ran. */
  @Override
  public int failureStatus() {
    return 255;
  }
}
