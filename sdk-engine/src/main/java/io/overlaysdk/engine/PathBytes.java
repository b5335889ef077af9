package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * Paths of the host as the bytes that the kernel knows. The text of a path is decoded with the
 * charset of the locale, and loses what that cannot express; its URI does not.
 */
final class PathBytes {
  private static final int SCHEME = "file://".length();

  private PathBytes() {}

  static byte[] of(Path path) {
    Path absolute = path.toAbsolutePath();
    String uri = absolute.toUri().toString();
    // a slash behind the name of a directory is not part of it
    int end = uri.endsWith("/") && uri.length() > SCHEME + 1 ? uri.length() - 1 : uri.length();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = SCHEME; i < end; i++) {
      if (uri.charAt(i) == '%') {
        bytes.write(Integer.parseInt(uri, i + 1, i + 3, 16));
        i += 2;
      } else {
        bytes.write(uri.charAt(i));
      }
    }
    return bytes.toByteArray();
  }

  /** The absolute path of these bytes. */
  static Path path(byte[] bytes) {
    StringBuilder uri = new StringBuilder("file://");
    for (byte b : bytes) {
      uri.append(b == '/' ? "/" : "%" + new String(hex(b), US_ASCII));
    }
    return Path.of(URI.create(uri.toString()));
  }

  /** The path of what has this relative name in a directory. */
  static Path in(Path directory, byte[] name) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(of(directory));
    bytes.write('/');
    bytes.writeBytes(name);
    return path(bytes.toByteArray());
  }

  private static byte[] hex(byte b) {
    return String.format("%02X", b).getBytes(US_ASCII);
  }

  /** Whether the text of the path can be given to a program. */
  static boolean isText(Path path) {
    String text = path.toString();
    try {
      return text.indexOf('\ufffd') < 0 && Path.of(text).equals(path);
    } catch (InvalidPathException e) {
      return false;
    }
  }
}
