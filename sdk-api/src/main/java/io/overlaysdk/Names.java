package io.overlaysdk;

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

  private static void checkVariable(String name, String value) {
    if (!VARIABLE.matcher(name).matches()) {
      throw new InvalidSpecException(
          "\""
              + name
              + "\" cannot be the name of an environment variable: a shell exports letters, digits"
              + " and underscores only, and no digit first");
    }
    Texts.requirePassable("the environment variable " + name, value);
  }
}
