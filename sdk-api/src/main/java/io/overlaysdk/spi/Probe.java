package io.overlaysdk.spi;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** What a backend found when it looked for its tool. */
public sealed interface Probe {

  /**
   * The tool is here.
   *
   * @param tools the programs it needs and has, by name
   * @param facts what else the backend wants to remember of the machine for its plans, by name;
   *     shown by doctor
   */
  record Present(Map<String, Tool> tools, Map<String, String> facts) implements Probe {
    public Present {
      tools = Collections.unmodifiableMap(new LinkedHashMap<>(tools));
      facts = Collections.unmodifiableMap(new LinkedHashMap<>(facts));
    }

    /** The program of this name, where it is here. */
    public Optional<Tool> tool(String name) {
      return Optional.ofNullable(tools.get(name));
    }

    /** The fact of this name, where the probe found one. */
    public Optional<String> fact(String name) {
      return Optional.ofNullable(facts.get(name));
    }
  }

  /**
   * The tool cannot be used here.
   *
   * @param reason what is missing or wrong, in one sentence
   * @param remedy what to do about it, in one sentence
   */
  record Absent(String reason, String remedy) implements Probe {
    public Absent {
      Objects.requireNonNull(reason, "reason");
      Objects.requireNonNull(remedy, "remedy");
    }
  }

  /**
   * A program.
   *
   * @param path where it is, absolute
   * @param version as the program says it; empty where it was not asked
   */
  record Tool(Path path, String version) {
    public Tool {
      if (!path.isAbsolute()) {
        throw new IllegalArgumentException("a program must be an absolute path: " + path);
      }
      Objects.requireNonNull(version, "version");
    }
  }
}
