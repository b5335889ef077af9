package io.overlaysdk.engine;

import io.overlaysdk.spi.Invocation;
import io.overlaysdk.spi.Stdio;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What of the caller's environment a tool gets: what it needs to run, and nothing that steers it.
 */
final class Environment {
  private static final List<String> PASSED_ON =
      List.of("HOME", "USER", "LOGNAME", "TMPDIR", "TERM", "XDG_RUNTIME_DIR");

  /** Where mkfs.ext3 and its like are; the PATH of a plain user lacks them. */
  static final List<String> SYSTEM_DIRECTORIES = List.of("/usr/local/sbin", "/usr/sbin", "/sbin");

  private final Map<String, String> caller;

  Environment(Map<String, String> caller) {
    this.caller = Map.copyOf(caller);
  }

  Map<String, String> caller() {
    return caller;
  }

  /** The whole environment of the process that the invocation becomes. */
  Map<String, String> forTool(Invocation invocation, Stdio stdio) {
    Map<String, String> variables = new LinkedHashMap<>();
    variables.put("PATH", path(invocation.executable()));
    caller.forEach(
        (name, value) -> {
          if (PASSED_ON.contains(name) || name.equals("LANG") || name.startsWith("LC_")) {
            variables.put(name, value);
          }
        });
    if (stdio != Stdio.TERMINAL) {
      // Apptainer 1.4.5 hands it on, and so tells a command of a terminal that it does not have
      variables.remove("TERM");
    }
    variables.putAll(invocation.environment());
    return variables;
  }

  /** A tool finds its own helpers first: a newer fuse2fs often lies beside a newer Apptainer. */
  private String path(Path executable) {
    List<String> directories = new ArrayList<>();
    directories.add(executable.toAbsolutePath().resolveSibling("").toString());
    directories.addAll(
        List.of(caller.getOrDefault("PATH", "/usr/bin:/bin").split(File.pathSeparator)));
    directories.addAll(SYSTEM_DIRECTORIES);
    return String.join(
        File.pathSeparator, directories.stream().filter(d -> !d.isEmpty()).distinct().toList());
  }
}
