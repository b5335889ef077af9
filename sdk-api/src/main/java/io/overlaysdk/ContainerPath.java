package io.overlaysdk;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;

/**
 * An absolute path inside a container. It is not a {@link java.nio.file.Path}: names in a container
 * are bytes, need not be valid in the platform's encoding, and must never be resolved on the host.
 *
 * <p>Repeated and trailing slashes and {@code .} are dropped; {@code ..} is refused, because what
 * it means depends on links that only the container knows.
 */
public final class ContainerPath implements Comparable<ContainerPath> {
  private static final char[] HEX = "0123456789abcdef".toCharArray();

  private final byte[] bytes;

  private ContainerPath(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * The path whose bytes are the UTF-8 form of {@code path}.
   *
   * @throws InvalidSpecException where it is not absolute, or holds {@code ..}, a NUL or half of a
   *     surrogate pair
   */
  public static ContainerPath of(String path) {
    return of(Texts.utf8("a container path", path));
  }

  /**
   * The path with exactly these bytes.
   *
   * @throws InvalidSpecException where it is not absolute, or holds {@code ..} or a NUL
   */
  public static ContainerPath of(byte[] path) {
    if (path.length == 0 || path[0] != '/') {
      throw new InvalidSpecException("a container path must be absolute: \"" + escape(path) + "\"");
    }
    byte[] clean = new byte[path.length];
    int length = 0;
    int start = 0;
    while (start < path.length) {
      int end = start;
      while (end < path.length && path[end] != '/') {
        if (path[end] == 0) {
          throw new InvalidSpecException(
              "a container path cannot hold a NUL: \"" + escape(path) + "\"");
        }
        end++;
      }
      int size = end - start;
      if (size == 2 && path[start] == '.' && path[start + 1] == '.') {
        throw new InvalidSpecException(
            "a container path cannot hold \"..\": \"" + escape(path) + "\"");
      }
      if (size > 0 && !(size == 1 && path[start] == '.')) {
        clean[length++] = '/';
        System.arraycopy(path, start, clean, length, size);
        length += size;
      }
      start = end + 1;
    }
    return new ContainerPath(length == 0 ? new byte[] {'/'} : Arrays.copyOf(clean, length));
  }

  /**
   * The path of the entry with this name in the directory at this path.
   *
   * @throws InvalidSpecException where it is no name: empty, {@code .}, {@code ..}, or with a slash
   *     or a NUL in it
   */
  public ContainerPath resolve(byte[] name) {
    boolean dots = name.length <= 2;
    for (byte b : name) {
      dots &= b == '.';
      if (b == '/' || b == 0) {
        throw new InvalidSpecException("not a name of a file: \"" + escape(name) + "\"");
      }
    }
    if (dots) {
      throw new InvalidSpecException("not a name of a file: \"" + escape(name) + "\"");
    }
    int length = bytes.length == 1 ? 0 : bytes.length;
    byte[] path = Arrays.copyOf(bytes, length + 1 + name.length);
    path[length] = '/';
    System.arraycopy(name, 0, path, length + 1, name.length);
    return new ContainerPath(path);
  }

  /** A copy of the bytes of this path. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /**
   * The path as text for a tool's command line.
   *
   * @throws InvalidSpecException where the bytes are not UTF-8, so that no text stands for them
   */
  public String text() {
    String text = new String(bytes, UTF_8);
    if (!Arrays.equals(text.getBytes(UTF_8), bytes)) {
      throw new InvalidSpecException("the container path \"" + this + "\" is not UTF-8");
    }
    return text;
  }

  /** In the order of the bytes, unsigned, with the separator before every other byte. */
  @Override
  public int compareTo(ContainerPath other) {
    int shared = Math.min(bytes.length, other.bytes.length);
    for (int i = 0; i < shared; i++) {
      if (bytes[i] != other.bytes[i]) {
        return Integer.compare(rank(bytes[i]), rank(other.bytes[i]));
      }
    }
    return Integer.compare(bytes.length, other.bytes.length);
  }

  /** A directory comes directly before what is in it: a slash sorts before any byte of a name. */
  private static int rank(byte b) {
    return b == '/' ? 0 : b & 0xff;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ContainerPath path && Arrays.equals(bytes, path.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /**
   * The path for people: printable on one line. A backslash is doubled; control and format
   * characters, and all bytes beyond ASCII of a path that is not UTF-8, are written {@code \xNN}.
   */
  @Override
  public String toString() {
    return escape(bytes);
  }

  private static String escape(byte[] bytes) {
    StringBuilder text = new StringBuilder(bytes.length);
    String decoded = new String(bytes, UTF_8);
    if (Arrays.equals(decoded.getBytes(UTF_8), bytes)) {
      decoded.codePoints().forEach(c -> escape(text, c));
    } else {
      for (byte b : bytes) {
        escape(text, b & 0xff, b < 0);
      }
    }
    return text.toString();
  }

  private static void escape(StringBuilder text, int codePoint) {
    escape(text, codePoint, false);
  }

  /** Also refuses what ends a line or turns the direction of the text after it around. */
  private static boolean isPrintable(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
              Character.FORMAT,
              Character.LINE_SEPARATOR,
              Character.PARAGRAPH_SEPARATOR,
              Character.PRIVATE_USE,
              Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }

  private static void escape(StringBuilder text, int c, boolean rawByte) {
    if (c == '\\') {
      text.append("\\\\");
    } else if (rawByte || c < ' ' || c == 0x7f) {
      text.append("\\x").append(HEX[c >> 4 & 0xf]).append(HEX[c & 0xf]);
    } else if (!isPrintable(c)) {
      for (byte b : new String(Character.toChars(c)).getBytes(UTF_8)) {
        escape(text, b & 0xff, true);
      }
    } else {
      text.appendCodePoint(c);
    }
  }
}
