package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;

/**
 * The 512 bytes in front of a member: where each field lies, and how texts and numbers stand in it.
 * Read as POSIX and as GNU tar write it, written as POSIX demands.
 */
final class UstarHeader {
  static final int SIZE = 512;
  static final long LARGEST_ID = 07777777;
  static final long LARGEST_NUMBER = 077777777777L;

  private static final byte[] POSIX = "ustar\00000".getBytes(US_ASCII);
  private static final byte[] GNU = "ustar  \0".getBytes(US_ASCII);

  /** Where a field begins, and how long it is. */
  enum Field {
    NAME(0, 100),
    MODE(100, 8),
    UID(108, 8),
    GID(116, 8),
    SIZE(124, 12),
    MODIFIED(136, 12),
    CHECKSUM(148, 8),
    FLAG(156, 1),
    LINK(157, 100),
    MAGIC(257, 8),
    MAJOR(329, 8),
    MINOR(337, 8),
    PREFIX(345, 155);

    final int offset;
    final int length;

    Field(int offset, int length) {
      this.offset = offset;
      this.length = length;
    }
  }

  private final byte[] bytes;

  private UstarHeader(byte[] bytes) {
    this.bytes = bytes;
  }

  static UstarHeader empty() {
    UstarHeader header = new UstarHeader(new byte[SIZE]);
    header.put(Field.MAGIC, POSIX);
    header.put(Field.MAJOR, 0);
    header.put(Field.MINOR, 0);
    return header;
  }

  /** Takes over a block that was read; refuses what is no header. */
  static UstarHeader read(byte[] block) throws BadHeader {
    UstarHeader header = new UstarHeader(block);
    byte[] magic = header.raw(Field.MAGIC);
    if (!Arrays.equals(magic, POSIX) && !Arrays.equals(magic, GNU)) {
      throw new BadHeader("there is no tar header");
    }
    if (header.number(Field.CHECKSUM) != header.checksum()) {
      throw new BadHeader("the checksum of the header does not fit");
    }
    return header;
  }

  /** Puts in as many bytes as the field holds. */
  void put(Field field, byte[] value) {
    System.arraycopy(value, 0, bytes, field.offset, Math.min(value.length, field.length));
  }

  void put(Field field, long value) {
    int digits = field.length - 1;
    for (int i = digits - 1; i >= 0; i--) {
      bytes[field.offset + i] = (byte) ('0' + (value & 7));
      value >>>= 3;
    }
    bytes[field.offset + digits] = 0;
  }

  void flag(byte flag) {
    bytes[Field.FLAG.offset] = flag;
  }

  byte flag() {
    return bytes[Field.FLAG.offset];
  }

  /** The finished block. */
  byte[] sealed() {
    put(Field.CHECKSUM, checksum());
    // six digits, a NUL, a space: as every tar writes this field and no other
    System.arraycopy(bytes, 149, bytes, 148, 6);
    bytes[154] = 0;
    bytes[155] = ' ';
    return bytes;
  }

  private long checksum() {
    long sum = 0;
    for (int i = 0; i < SIZE; i++) {
      boolean own = i >= Field.CHECKSUM.offset && i < Field.FLAG.offset;
      sum += own ? ' ' : bytes[i] & 0xff;
    }
    return sum;
  }

  private byte[] raw(Field field) {
    return Arrays.copyOfRange(bytes, field.offset, field.offset + field.length);
  }

  /** The bytes up to the first NUL. */
  byte[] text(Field field) {
    int end = field.offset;
    while (end < field.offset + field.length && bytes[end] != 0) {
      end++;
    }
    return Arrays.copyOfRange(bytes, field.offset, end);
  }

  /** The name with its prefix, which GNU tar's own format uses for something else. */
  byte[] name() {
    byte[] name = text(Field.NAME);
    byte[] prefix = text(Field.PREFIX);
    if (prefix.length == 0 || !Arrays.equals(raw(Field.MAGIC), POSIX)) {
      return name;
    }
    byte[] whole = Arrays.copyOf(prefix, prefix.length + 1 + name.length);
    whole[prefix.length] = '/';
    System.arraycopy(name, 0, whole, prefix.length + 1, name.length);
    return whole;
  }

  /** An octal number, or, where the first bit is set, a binary one; never negative. */
  long number(Field field) throws BadHeader {
    byte[] raw = raw(field);
    return raw[0] < 0 ? binary(field, raw) : octal(field, raw);
  }

  private static long octal(Field field, byte[] raw) throws BadHeader {
    int at = 0;
    while (at < raw.length && raw[at] == ' ') {
      at++;
    }
    long value = 0;
    while (at < raw.length && raw[at] >= '0' && raw[at] <= '7') {
      value = value << 3 | raw[at++] - '0';
    }
    while (at < raw.length && (raw[at] == ' ' || raw[at] == 0)) {
      at++;
    }
    if (at < raw.length) {
      throw new BadHeader("the field " + field + " of the header is no number");
    }
    return value;
  }

  private static long binary(Field field, byte[] raw) throws BadHeader {
    long value = raw[0] & 0x7f;
    for (int i = 1; i < raw.length; i++) {
      if (value >> 54 != 0) {
        throw new BadHeader("the field " + field + " of the header is negative or too large");
      }
      value = value << 8 | raw[i] & 0xff;
    }
    return value;
  }
}
