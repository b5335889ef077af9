package io.overlaysdk.layers;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import io.overlaysdk.CorruptOverlayException;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The attributes that {@code getfattr} prints for all entries of a layer, so that one process is
 * enough. Only what decides something is asked for: in memory are the entries that have such
 * attributes, not those that the kernel merely marked as copied.
 *
 * <pre>{@code
 * ExtendedAttributes found = AttributeDump.parse(stdoutOf(AttributeDump.command(upper)), remover);
 * }</pre>
 */
public final class AttributeDump implements ExtendedAttributes {
  private static final String DECIDING =
      "^(trusted\\.overlay\\.(opaque|redirect|metacopy|whiteout|uuid|impure)"
          + "|security\\.(capability|fuseoverlayfs\\.override_stat)"
          + "|system\\.posix_acl_(access|default))$";

  /** Besides, the user's own; the kernel's mark of what was copied is on too many to be kept. */
  private static final String ALL =
      DECIDING + "|^trusted\\.([^o]|o[^v]|ov[^e])|^trusted\\.overlay\\.overlay\\.";

  /** Removes an attribute; the engine's part. */
  public interface Remover {
    void remove(Path entry, String name);
  }

  private final Map<Path, Map<String, byte[]>> found;
  private final Remover remover;

  private AttributeDump(Map<Path, Map<String, byte[]>> found, Remover remover) {
    this.found = found;
    this.remover = remover;
  }

  /** The words of the command whose output is read; it must run as root in the first namespace. */
  public static List<String> command(Path layer) {
    return command(layer, DECIDING);
  }

  /** Likewise, where the attributes that a user has set are wanted too. */
  public static List<String> commandForAll(Path layer) {
    return command(layer, ALL);
  }

  /** Likewise, with those in {@code user.}, which Java would read one file after the other. */
  public static List<String> commandForEverything(Path layer) {
    return command(layer, ALL + "|^user\\.");
  }

  private static List<String> command(Path layer, String wanted) {
    return List.of(
        "getfattr",
        "--recursive",
        "--physical",
        "--no-dereference",
        "--dump",
        "--encoding=hex",
        "--absolute-names",
        "--match=" + wanted,
        "--",
        layer.toAbsolutePath().normalize().toString());
  }

  /**
   * Reads the output of {@link #command}.
   *
   * @throws CorruptOverlayException where it is something else
   */
  public static AttributeDump parse(InputStream output, Remover remover) {
    Map<Path, Map<String, byte[]>> found = new HashMap<>();
    Map<String, byte[]> current = null;
    try {
      BufferedReader lines = new BufferedReader(new InputStreamReader(output, ISO_8859_1));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (line.startsWith("# file: ")) {
          current = new TreeMap<>();
          found.put(path(line.substring("# file: ".length())), current);
        } else if (!line.isEmpty()) {
          attribute(line, current);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the output of getfattr could not be read", e);
    } catch (IllegalArgumentException e) {
      throw new CorruptOverlayException("getfattr printed what it never prints: " + e, e);
    }
    return new AttributeDump(found, remover);
  }

  @Override
  public Map<String, byte[]> of(Path entry) {
    return found.getOrDefault(entry, Map.of());
  }

  @Override
  public void remove(Path entry, String name) {
    Map<String, byte[]> attributes = found.get(entry);
    if (attributes != null && attributes.containsKey(name)) {
      remover.remove(entry, name);
      attributes.remove(name);
    }
  }

  private static void attribute(String line, @Nullable Map<String, byte[]> into) {
    int equals = line.indexOf("=0x");
    if (into == null || equals < 0 && line.indexOf('=') >= 0) {
      throw new CorruptOverlayException("getfattr printed \"" + line + "\"; expected NAME=0xHEX");
    }
    // an attribute with an empty value is printed without one
    String name = equals < 0 ? line : line.substring(0, equals);
    String value = equals < 0 ? "" : line.substring(equals + "=0x".length());
    into.put(name, HexFormat.of().parseHex(value));
  }

  /** getfattr writes a backslash, a line end and a carriage return as three octal digits. */
  private static Path path(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == '\\' && i + 3 < text.length()) {
        bytes.write(Integer.parseInt(text.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        bytes.write(text.charAt(i));
      }
    }
    byte[] path = bytes.toByteArray();
    if (path.length == 0 || path[0] != '/') {
      throw new CorruptOverlayException(
          "getfattr printed the path \"" + new String(path, US_ASCII) + "\"; expected all of it");
    }
    Path root = Path.of("/");
    return path.length == 1
        ? root
        : Names.resolveAll(root, Arrays.copyOfRange(path, 1, path.length));
  }
}
