package io.overlaysdk.yaml;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** The text of a file that may hold YAML: small enough, UTF-8, and nothing but text. */
final class YamlText {
  /** No file that a person writes is larger; what is larger is some other file. */
  static final int LARGEST = 1 << 20;

  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private YamlText() {}

  static String read(Path file) {
    String text = decode(file, bytes(file));
    for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
      int c = text.codePointAt(i);
      if (!isText(c)) {
        throw after(file, text.substring(0, i))
            .error(
                String.format(
                    Locale.ROOT, "not text: the character U+%04X cannot stand in YAML", c));
      }
    }
    return text;
  }

  private static byte[] bytes(Path file) {
    Place whole = Place.of(file);
    if (!Files.exists(file)) {
      throw whole.error("there is no such file");
    }
    if (!Files.isRegularFile(file)) {
      throw whole.error("not a file");
    }
    try {
      long size = Files.size(file);
      if (size > LARGEST) {
        throw tooLarge(whole, size);
      }
      try (InputStream in = Files.newInputStream(file)) {
        // The file may have grown since it was asked for its size.
        byte[] bytes = in.readNBytes(LARGEST + 1);
        if (bytes.length > LARGEST) {
          throw tooLarge(whole, bytes.length);
        }
        return bytes;
      }
    } catch (IOException e) {
      boolean denied = e instanceof AccessDeniedException;
      var error = whole.error("cannot be read: " + (denied ? "permission denied" : e));
      error.initCause(e);
      throw error;
    }
  }

  private static RuntimeException tooLarge(Place whole, long size) {
    return whole.error(
        "too large: " + size + " bytes, where " + LARGEST + " are the most; is it the right file?");
  }

  private static String decode(Path file, byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result =
        UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT)
            .decode(in, out, true);
    String text = out.flip().toString();
    if (text.indexOf(BYTE_ORDER_MARK) == 0) {
      text = text.substring(1);
    }
    if (result.isError()) {
      throw after(file, text)
          .error(
              String.format(
                  Locale.ROOT,
                  "not UTF-8: the byte 0x%02x at offset %d",
                  bytes[in.position()],
                  in.position()));
    }
    return text;
  }

  /** The place of what comes directly after {@code text} at the start of the file. */
  private static Place after(Path file, String text) {
    String[] lines = text.split("\r\n|\n|\r", -1);
    String last = lines[lines.length - 1];
    int column = last.codePointCount(0, last.length()) + 1;
    return new Place(file, lines.length, column, KeyPath.ROOT);
  }

  /** What the YAML specification calls printable (1.1, section 4.1). */
  private static boolean isText(int c) {
    return c == '\t'
        || c == '\n'
        || c == '\r'
        || c >= 0x20 && c <= 0x7E
        || c == 0x85
        || c >= 0xA0 && c <= 0xD7FF
        || c >= 0xE000 && c <= 0xFFFD
        || c >= 0x10000;
  }
}
