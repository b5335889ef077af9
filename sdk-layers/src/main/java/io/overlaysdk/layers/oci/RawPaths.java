package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.overlaysdk.ContainerPath;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Bytes of names as paths of the host. JDK 17 encodes a text with the locale's charset and refuses
 * what that cannot express; through a URI the bytes get in as they are.
 */
final class RawPaths {
  static final ContainerPath ROOT = ContainerPath.of("/");

  private static final char[] HEX = "0123456789ABCDEF".toCharArray();

  private RawPaths() {}

  static ContainerPath child(ContainerPath parent, byte[] name) {
    byte[] above = parent.bytes();
    int length = above.length == 1 ? 0 : above.length;
    byte[] path = Arrays.copyOf(above, length + 1 + name.length);
    path[length] = '/';
    System.arraycopy(name, 0, path, length + 1, name.length);
    return ContainerPath.of(path);
  }

  /** The paths that lead to it, itself at the end; none for the root. */
  static List<ContainerPath> parts(ContainerPath path) {
    byte[] bytes = path.bytes();
    List<ContainerPath> parts = new ArrayList<>();
    for (int end = 2; end <= bytes.length; end++) {
      if (end == bytes.length || bytes[end] == '/') {
        parts.add(ContainerPath.of(Arrays.copyOf(bytes, end)));
      }
    }
    return parts;
  }

  /** The name at its end. */
  static byte[] last(ContainerPath path) {
    byte[] bytes = path.bytes();
    int start = bytes.length;
    while (bytes[start - 1] != '/') {
      start--;
    }
    return Arrays.copyOfRange(bytes, start, bytes.length);
  }

  /** What this entry of the container is in the directory {@code root} of the host. */
  static Path on(Path root, ContainerPath path) {
    byte[] bytes = path.bytes();
    return bytes.length == 1
        ? root
        : root.resolve(relative(Arrays.copyOfRange(bytes, 1, bytes.length)));
  }

  /**
   * The target of a link as these bytes say. Of several slashes in a row one is left: no path of
   * the JDK can hold more, and they lead to the same place.
   */
  static Path target(byte[] target) {
    return target[0] == '/' ? absolute(target) : relative(target);
  }

  private static Path relative(byte[] path) {
    if (isAscii(path)) {
      // a slash at the end is dropped by Path.of, but kept by what a URI stands for
      if (path[path.length - 1] != '/') {
        return Path.of(new String(path, US_ASCII));
      }
    }
    byte[] rooted = new byte[path.length + 1];
    rooted[0] = '/';
    System.arraycopy(path, 0, rooted, 1, path.length);
    Path absolute = absolute(rooted);
    return absolute.subpath(0, absolute.getNameCount());
  }

  private static Path absolute(byte[] path) {
    StringBuilder uri = new StringBuilder("file://");
    for (byte b : path) {
      if (b != '/') {
        uri.append('%').append(HEX[b >> 4 & 0xf]).append(HEX[b & 0xf]);
      } else if (uri.charAt(uri.length() - 1) != '/' || uri.length() == "file://".length()) {
        uri.append('/');
      }
    }
    if (path[path.length - 1] == '/' && path.length > 1) {
      // one of them is taken as the end of a directory's URI
      uri.append('/');
    }
    return Path.of(URI.create(uri.toString()));
  }

  private static boolean isAscii(byte[] text) {
    for (byte b : text) {
      if (b < 0) {
        return false;
      }
    }
    return true;
  }
}
