package io.overlaysdk;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** What names and values of environment variables must look like, in one place. */
final class Names {
  /** What a POSIX shell can export; no shell passes on any other name. */
  private static final Pattern VARIABLE = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  private Names() {}

  static Map<String, String> with(Map<String, String> variables, String name, String value) {
    checkVariable(name, value);
    Map<String, String> copy = new LinkedHashMap<>(variables);
    copy.put(name, value);
    return Collections.unmodifiableMap(copy);
  }

  /** For people. */
  static Map<String, String> withoutValues(Map<String, String> variables) {
    Map<String, String> names = new LinkedHashMap<>();
    variables.keySet().forEach(name -> names.put(name, "..."));
    return names;
  }

  private static void checkVariable(String name, String value) {
    if (!VARIABLE.matcher(name).matches()) {
      throw new InvalidSpecException(
          "\""
              + name
              + "\" cannot be the name of an environment variable: a shell exports letters, digits"
              + " and underscores only, and no digit first");
    }
    if (value.indexOf('\0') >= 0 || !UTF_8.newEncoder().canEncode(value)) {
      // it may be a secret: not shown
      throw new InvalidSpecException(
          "the value of the environment variable "
              + name
              + " holds a NUL or half of a surrogate pair, which no program can be given");
    }
  }
}
