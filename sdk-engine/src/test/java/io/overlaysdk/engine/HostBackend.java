package io.overlaysdk.engine;

import io.overlaysdk.Command;
import io.overlaysdk.spi.Backend;
import io.overlaysdk.spi.Dialect;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Plan;
import io.overlaysdk.spi.Probe;
import io.overlaysdk.spi.Request;
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
 * Runs commands on the host itself, where the control directory is not at its place: the smallest
 * backend with which the engine can be tried without a container tool.
 */
public class HostBackend implements Backend {
  @Override
  public String name() {
    return "host-test";
  }

  @Override
  public Probe probe(Host host) {
    return new Probe.Present(Map.of(), Map.of());
  }

  @Override
  public List<Plan> plans(Request request) {
    return List.of(new HostPlan(request));
  }

  /**
   * Kills what the words have left of their session when they have ended, as the end of a pid
   * namespace does.
   */
  private static final String ALONE =
      """
      "$@"
      status=$?
      session() {
        read -r line 2>/dev/null <"$1" || return
        line=${line##*) }
        set -- $line
        session=$4
      }
      session /proc/self/stat
      mine=$session
      for stat in /proc/[0-9]*/stat; do
        session=
        session "$stat"
        pid=${stat#/proc/}
        pid=${pid%/stat}
        [ "$session" != "$mine" ] || [ "$pid" = $$ ] || kill -KILL "$pid" 2>/dev/null
      done
      exit "$status"
      """;

  private record HostPlan(Request request) implements Plan {
    @Override
    public String reason() {
      return "it is the test's";
    }

    @Override
    public Set<Dialect> reads() {
      return Set.of(Dialect.NEUTRAL);
    }

    @Override
    public Optional<Dialect> writes() {
      return Optional.empty();
    }

    @Override
    public List<Step> prepare() {
      return List.of(new Step.WriteFile(request.scratch().resolve("prepared"), "yes"));
    }

    @Override
    public Invocation enter(Command command, Stdio stdio) {
      String control = request.scratch().resolve("control").toString();
      List<String> words = new ArrayList<>();
      for (String word : command.words()) {
        words.add(
            word.startsWith("/.overlay-sdk/") ? word.replace("/.overlay-sdk", control) : word);
      }
      Map<String, String> variables = new LinkedHashMap<>(command.variables());
      String shell = System.getProperty("overlaysdk.test.shell", "/bin/sh");
      if (words.get(0).equals("/bin/sh")) {
        words.set(0, shell);
      }
      words.addAll(0, List.of("-c", ALONE, "sh"));
      return new Invocation(Path.of("/bin/sh"), words, variables);
    }

    @Override
    public int failureStatus() {
      return 255;
    }
  }
}
