package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.overlaysdk.LaunchException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.ExtendedAttributes;
import io.overlaysdk.spi.Host;
import io.overlaysdk.spi.Invocation;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * The {@code trusted.overlay.*} attributes by which a kernel overlay of root says what it hides.
 * Java shows them to nobody; {@code getfattr} (of the package attr) shows them to root. It is run
 * once for a whole layer.
 */
final class TrustedMarkers implements ExtendedAttributes {
  private static final Duration LIMIT = Duration.ofMinutes(5);

  /** What decides the meaning of an entry; the kernel keeps other notes of its own. */
  private static final String DECISIVE =
      "^trusted\\.overlay\\.(opaque|redirect|metacopy|whiteout)$";

  private final Map<String, Map<String, byte[]>> byFile;

  private TrustedMarkers(Map<String, Map<String, byte[]>> byFile) {
    this.byFile = byFile;
  }

  /**
   * Reads those of all entries below {@code layer}, and of itself. Only root can.
   *
   * @throws LaunchException where getfattr is missing or fails
   */
  static TrustedMarkers in(Path layer, Host host, Launcher launcher) {
    Path program =
        host.find("getfattr")
            .orElseThrow(
                () ->
                    new LaunchException(
                        "cannot read what the kernel's overlay wrote in "
                            + layer
                            + ": that needs getfattr, which is not here; install the package attr",
                        List.of("getfattr"),
                        ""));
    Invocation invocation =
        Invocation.of(
            program,
            List.of(
                "-R",
                "-P",
                "-h",
                "-d",
                "--absolute-names",
                "-e",
                "hex",
                "-m",
                DECISIVE,
                "--",
                layer.toString()));
    Launcher.Outcome outcome = launcher.run(invocation, Launcher.Terms.within(LIMIT));
    if (outcome.timedOut() || outcome.truncated() || outcome.status() != 0) {
      throw new LaunchException(
          "cannot read the attributes of " + layer, invocation.words(), outcome.errorText());
    }
    return new TrustedMarkers(parse(new String(outcome.stdout(), ISO_8859_1)));
  }

  /** As getfattr(1) of attr 2.5 prints: a comment with the file, then a line for each attribute. */
  static Map<String, Map<String, byte[]>> parse(String output) {
    Map<String, Map<String, byte[]>> byFile = new HashMap<>();
    Map<String, byte[]> current = new HashMap<>();
    for (String line : output.split("\n")) {
      if (line.startsWith("# file: ")) {
        current = new HashMap<>();
        byFile.put(unescape(line.substring("# file: ".length())), current);
      } else if (line.contains("=0x")) {
        int equals = line.indexOf("=0x");
        current.put(line.substring(0, equals), HexFormat.of().parseHex(line.substring(equals + 3)));
      }
    }
    return byFile;
  }

  /** getfattr writes what is not printable, and the backslash, as three octal digits. */
  private static String unescape(String name) {
    StringBuilder bytes = new StringBuilder(name.length());
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == '\\' && i + 3 < name.length()) {
        c = (char) Integer.parseInt(name.substring(i + 1, i + 4), 8);
        i += 3;
      }
      bytes.append(c);
    }
    return bytes.toString();
  }

  @Override
  public Map<String, byte[]> of(Path entry) {
    return byFile.getOrDefault(key(entry), Map.of());
  }

  /** The name as bytes, one to a letter: a path keeps the bytes that the kernel gave it. */
  private static String key(Path entry) {
    String uri = entry.toUri().getRawPath();
    StringBuilder bytes = new StringBuilder(uri.length());
    for (int i = 0; i < uri.length(); i++) {
      char c = uri.charAt(i);
      if (c == '%') {
        c = (char) Integer.parseInt(uri.substring(i + 1, i + 3), 16);
        i += 2;
      }
      bytes.append(c);
    }
    int length = bytes.length();
    boolean addedSlash = length > 1 && bytes.charAt(length - 1) == '/';
    return addedSlash ? bytes.substring(0, length - 1) : bytes.toString();
  }

  @Override
  public void remove(Path entry, String name) {
    throw new OverlayException("cannot remove " + name + " from " + entry + ": not asked for yet");
  }
}
