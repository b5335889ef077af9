package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;

/**
 * The records of an extended header, {@code LENGTH KEYWORD=VALUE\n}. Values are kept as bytes: that
 * is what an extended attribute is, and a name need not be UTF-8.
 */
final class PaxRecords {
  private PaxRecords() {}

  static byte[] encode(SortedMap<String, byte[]> records) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(256);
    records.forEach(
        (keyword, value) -> {
          byte[] key = keyword.getBytes(UTF_8);
          out.writeBytes(Integer.toString(length(key.length + value.length + 3)).getBytes(UTF_8));
          out.write(' ');
          out.writeBytes(key);
          out.write('=');
          out.writeBytes(value);
          out.write('\n');
        });
    return out.toByteArray();
  }

  /** The length counts its own digits; {@code rest} is all but them. */
  private static int length(int rest) {
    int length = rest + 1;
    while (rest + Integer.toString(length).length() > length) {
      length++;
    }
    return length;
  }

  /**
   * The records by keyword.
   *
   * @throws BadHeader where a record is malformed or a keyword stands there twice
   */
  static Map<String, byte[]> decode(byte[] data) throws BadHeader {
    Map<String, byte[]> records = new LinkedHashMap<>();
    int at = 0;
    while (at < data.length) {
      int space = indexOf(data, ' ', at, Math.min(data.length, at + 10));
      int end = at + decimal(data, at, space);
      if (end > data.length || end <= space + 2 || data[end - 1] != '\n') {
        throw new BadHeader("an extended header holds a record that is longer than it says");
      }
      int equals = indexOf(data, '=', space + 1, end);
      String keyword = new String(data, space + 1, equals - space - 1, UTF_8);
      byte[] value = Arrays.copyOfRange(data, equals + 1, end - 1);
      if (keyword.isEmpty() || keyword.indexOf('\0') >= 0 || keyword.indexOf('\ufffd') >= 0) {
        throw new BadHeader("an extended header holds a keyword that is none");
      }
      if (records.put(keyword, value) != null) {
        throw new BadHeader("an extended header holds \"" + keyword + "\" twice");
      }
      at = end;
    }
    return records;
  }

  private static int indexOf(byte[] data, char wanted, int from, int to) throws BadHeader {
    for (int i = from; i < to; i++) {
      if (data[i] == wanted) {
        return i;
      }
    }
    throw new BadHeader("an extended header holds a record without \"" + wanted + "\"");
  }

  private static int decimal(byte[] data, int from, int to) throws BadHeader {
    int value = 0;
    for (int i = from; i < to; i++) {
      if (data[i] < '0' || data[i] > '9') {
        throw new BadHeader("an extended header holds a record whose length is no number");
      }
      value = value * 10 + data[i] - '0';
    }
    return value;
  }
}
