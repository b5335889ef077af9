package io.overlaysdk.layers;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Names between bytes and {@link Path}, without a loss whatever the locale is. A path from a
 * listing holds the bytes that the kernel gave, but its text is decoded with the locale's charset.
 */
final class Names {
  private static final boolean UTF8 = "UTF-8".equals(System.getProperty("sun.jnu.encoding"));
  private static final char[] HEX = "0123456789ABCDEF".toCharArray();

  /** toUri asks the file system what the path is; below a file there is never anything. */
  private static final Path NOWHERE = Path.of("/dev/null");

  private static final int PREFIX = "file:///dev/null/".length();

  private Names() {}

  /** The bytes of a relative path, such as a file name. */
  static byte[] bytes(Path name) {
    String text = name.toString();
    return isExact(text) ? text.getBytes(UTF_8) : unescape(escaped(name), PREFIX);
  }

  /** The bytes of the target of a symbolic link, as it stands there. */
  static byte[] target(Path target) {
    String text = target.toString();
    if (isExact(text)) {
      return text.getBytes(UTF_8);
    }
    if (!target.isAbsolute()) {
      return unescape(escaped(target), PREFIX);
    }
    String uri = target.toUri().toString();
    boolean addedSlash = uri.endsWith("/") && !text.endsWith("/");
    return unescape(addedSlash ? uri.substring(0, uri.length() - 1) : uri, "file://".length());
  }

  /** The entry of {@code directory} whose name is these bytes. */
  static Path resolve(Path directory, byte[] name) {
    String text = new String(name, UTF_8);
    if (isExact(text) && Arrays.equals(text.getBytes(UTF_8), name)) {
      return directory.resolve(text);
    }
    StringBuilder uri = new StringBuilder("file:///");
    for (byte b : name) {
      uri.append('%').append(HEX[b >> 4 & 0xf]).append(HEX[b & 0xf]);
    }
    return directory.resolve(Path.of(URI.create(uri.toString())).getFileName());
  }

  /** What lies below {@code directory} at this relative path. */
  static Path resolveAll(Path directory, byte[] path) {
    Path file = directory;
    int start = 0;
    for (int end = 0; end <= path.length; end++) {
      if (end == path.length || path[end] == '/') {
        file = resolve(file, Arrays.copyOfRange(path, start, end));
        start = end + 1;
      }
    }
    return file;
  }

  static boolean startsWith(byte[] name, byte[] prefix) {
    return name.length >= prefix.length
        && Arrays.equals(name, 0, prefix.length, prefix, 0, prefix.length);
  }

  /** Whether the text stands for exactly the bytes that it was decoded from. */
  private static boolean isExact(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c >= 0x80 && (!UTF8 || c == '\ufffd')) {
        return false;
      }
    }
    return true;
  }

  private static String escaped(Path relative) {
    return NOWHERE.resolve(relative).toUri().toString();
  }

  private static byte[] unescape(String uri, int start) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = start; i < uri.length(); i++) {
      char c = uri.charAt(i);
      if (c == '%') {
        bytes.write(Integer.parseInt(uri, i + 1, i + 3, 16));
        i += 2;
      } else {
        bytes.write(c);
      }
    }
    return bytes.toByteArray();
  }
}
