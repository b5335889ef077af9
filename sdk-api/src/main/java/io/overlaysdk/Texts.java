package io.overlaysdk;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Turns texts into what the operating system takes, or refuses them: nothing becomes a "?". */
final class Texts {
  private Texts() {}

  /** The path of the host that {@code text} stands for; {@code what} names it in the error. */
  static Path path(String what, String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      // in a C locale JDK 17 takes no path with a letter beyond ASCII
      throw new InvalidSpecException(
          what
              + " is no path here: \""
              + text.replace("\0", "\\0")
              + "\": "
              + e.getReason()
              + "; a path holds no NUL, and other letters than English ones need a UTF-8 locale",
          e);
    }
  }

  /** The UTF-8 form of {@code text}; refuses half of a surrogate pair, which has none. */
  static byte[] utf8(String what, String text) {
    try {
      var encoded = UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] bytes = new byte[encoded.remaining()];
      encoded.get(bytes);
      return bytes;
    } catch (CharacterCodingException e) {
      throw new InvalidSpecException(
          what + " is no Unicode text, it holds half of a surrogate pair: \"" + text + "\"", e);
    }
  }

  /** Refuses what no argument and no variable of a program can hold. */
  static void requirePassable(String what, String text) {
    if (text.indexOf('\0') >= 0) {
      throw new InvalidSpecException(
          "nothing that a program is given can hold a NUL: "
              + what
              + ": \""
              + text.replace("\0", "\\0")
              + "\"");
    }
    utf8(what, text);
  }
}
