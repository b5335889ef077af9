package io.overlaysdk.engine;

import io.overlaysdk.InvalidSpecException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Which environment variables reach a command, and which cannot. */
final class Variables {
  /** What a shell sets by itself, or holds read-only, so that another value would not arrive. */
  private static final Set<String> OWNED_BY_SHELLS =
      Set.of(
          "_",
          "BASHOPTS",
          "BASHPID",
          "BASH_ALIASES",
          "BASH_ARGC",
          "BASH_ARGV",
          "BASH_ARGV0",
          "BASH_CMDS",
          "BASH_COMMAND",
          "BASH_LINENO",
          "BASH_SOURCE",
          "BASH_SUBSHELL",
          "BASH_VERSINFO",
          "BASH_VERSION",
          "COMP_WORDBREAKS",
          "DIRSTACK",
          "EPOCHREALTIME",
          "EPOCHSECONDS",
          "EUID",
          "FUNCNAME",
          "GROUPS",
          "HISTCMD",
          "LINENO",
          "OLDPWD",
          "OPTIND",
          "PPID",
          "PWD",
          "RANDOM",
          "SECONDS",
          "SHELLOPTS",
          "SHLVL",
          "SRANDOM",
          "UID");

  /** What describes the host and would be a lie inside. */
  private static final Set<String> OF_THE_HOST =
      Set.of("PATH", "HOME", "LD_LIBRARY_PATH", "LD_PRELOAD", "TMPDIR", "XDG_RUNTIME_DIR");

  private static final Pattern EXPORTABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");
  private static final Pattern OF_THE_TOOLS =
      Pattern.compile("(APPTAINER|SINGULARITY|OVERLAYSDK).*");

  private Variables() {}

  /**
   * @throws InvalidSpecException where a value could not arrive as it was given
   */
  static void check(Map<String, String> variables) {
    for (String name : variables.keySet()) {
      if (OWNED_BY_SHELLS.contains(name)) {
        throw new InvalidSpecException(
            "the variable "
                + name
                + " cannot be set: shells keep it for themselves; use another name");
      }
      if (name.startsWith("overlaysdk_")) {
        throw new InvalidSpecException(
            "the variable " + name + " cannot be set: names with overlaysdk_ are the SDK's own");
      }
    }
  }

  /** What of the caller's environment is shared: all that means inside what it means outside. */
  static Map<String, String> shared(Map<String, String> caller) {
    Map<String, String> shared = new LinkedHashMap<>();
    caller.forEach(
        (name, value) -> {
          boolean arrives = EXPORTABLE.matcher(name).matches() && !OWNED_BY_SHELLS.contains(name);
          if (arrives && !OF_THE_HOST.contains(name) && !OF_THE_TOOLS.matcher(name).matches()) {
            shared.put(name, value);
          }
        });
    return shared;
  }

  /** The variables of both; the second wins. */
  static Map<String, String> merged(Map<String, String> first, Map<String, String> second) {
    Map<String, String> merged = new LinkedHashMap<>(first);
    merged.putAll(second);
    return merged;
  }
}
