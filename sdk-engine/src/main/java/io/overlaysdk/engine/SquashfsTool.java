package io.overlaysdk.engine;

import io.overlaysdk.LaunchException;
import io.overlaysdk.spi.Host;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The programs of squashfs-tools, in the versions that do what is asked of them here. */
enum SquashfsTool {
  /** Reads an archive from 4.5 on. */
  MKSQUASHFS("4.5"),
  /**
   * Before 4.5.1 a file system that was made for it writes outside of its target (CVE-2021-40153,
   * CVE-2021-41072).
   */
  UNSQUASHFS("4.5.1");

  private static final Pattern VERSION = Pattern.compile("version (\\d+)\\.(\\d+)(?:\\.(\\d+))?");

  private final String oldest;

  SquashfsTool(String oldest) {
    this.oldest = oldest;
  }

  /**
   * @throws LaunchException where it is missing or too old
   */
  Path find(Host host) {
    String name = name().toLowerCase(Locale.ROOT);
    List<String> words = List.of(name, "-version");
    Path program =
        host.find(name)
            .orElseThrow(
                () ->
                    new LaunchException(
                        "there is no program " + name + " here: install squashfs-tools",
                        words,
                        ""));
    String said =
        host.ask(List.of(program.toString(), "-version")).map(Host.Answer::stdout).orElse("");
    if (number("version " + oldest) > number(said)) {
      throw new LaunchException(
          program + " is too old: install squashfs-tools " + oldest + " or newer", words, said);
    }
    return program;
  }

  /** A later version has a larger one; 0 where there is none. */
  static long number(String text) {
    Matcher version = VERSION.matcher(text);
    if (!version.find()) {
      return 0;
    }
    long number = 0;
    for (int group = 1; group <= 3; group++) {
      String part = version.group(group);
      number = number * 1000 + (part == null ? 0 : Long.parseLong(part) % 1000);
    }
    return number;
  }
}
