package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.layers.oci.TarEntry.Type;
import io.overlaysdk.layers.oci.UstarHeader.Field;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads the members of an archive from an untrusted stream. Says what each header says, or refuses;
 * where readers are known to differ over what a header means, it refuses.
 */
final class TarReader {
  /** An extended attribute has at most 64 KiB; a file has seldom more than a few of them. */
  private static final int LARGEST_EXTENDED_HEADER = 1 << 20;

  private static final long LARGEST_ID = (1L << 32) - 2;
  private static final long YEAR_10000 = 253_402_300_800L;
  private static final int TYPE_BITS = 0170000;
  private static final String XATTR = "SCHILY.xattr.";

  /** What changes the meaning of a member in a way that is not understood here. */
  private static final Set<String> REFUSED =
      Set.of("SCHILY.acl.access", "SCHILY.acl.default", "SCHILY.acl.ace", "SCHILY.realsize");

  private final InputStream in;
  private long left;
  private int padding;

  /** What stood in headers of their own before the member. */
  private Map<String, byte[]> pax = Map.of();

  private @Nullable byte[] longName;
  private @Nullable byte[] longLink;

  TarReader(InputStream in) {
    this.in = in;
  }

  /** The next member, or null after the last one. */
  @Nullable
  TarEntry next() throws IOException, BadHeader {
    skipContent();
    pax = Map.of();
    longName = null;
    longLink = null;
    while (true) {
      byte[] block = block();
      if (isEmpty(block)) {
        requireEnd();
        return null;
      }
      UstarHeader header = UstarHeader.read(block);
      switch (header.flag()) {
        case 'x' -> extended(header);
        case 'g' -> global(header);
        case 'L' -> longName = longText(header, longName);
        case 'K' -> longLink = longText(header, longLink);
        default -> {
          return member(header);
        }
      }
    }
  }

  private byte[] block() throws IOException, BadHeader {
    byte[] block = in.readNBytes(UstarHeader.SIZE);
    if (block.length < UstarHeader.SIZE) {
      throw new BadHeader("the archive ends without an end mark: it is truncated");
    }
    return block;
  }

  private static boolean isEmpty(byte[] block) {
    for (byte b : block) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  /** A second reader must not find members where this one found the end. */
  private void requireEnd() throws IOException, BadHeader {
    if (!pax.isEmpty() || longName != null || longLink != null) {
      throw new BadHeader("the archive ends after an extended header");
    }
    if (!isEmpty(block())) {
      throw new BadHeader("the end mark of the archive is one block instead of two");
    }
    byte[] rest = in.readNBytes(1 << 16);
    while (rest.length > 0) {
      if (!isEmpty(rest)) {
        throw new BadHeader("there is something after the end mark of the archive");
      }
      rest = in.readNBytes(1 << 16);
    }
  }

  private byte[] small(UstarHeader header) throws IOException, BadHeader {
    long size = header.number(Field.SIZE);
    if (size > LARGEST_EXTENDED_HEADER) {
      throw new BadHeader("an extended header of " + size + " bytes is too large");
    }
    int blocks = (int) (size + (-size & UstarHeader.SIZE - 1));
    byte[] data = in.readNBytes(blocks);
    if (data.length < blocks) {
      throw new BadHeader("the archive ends within an extended header: it is truncated");
    }
    return Arrays.copyOf(data, (int) size);
  }

  private void extended(UstarHeader header) throws IOException, BadHeader {
    if (!pax.isEmpty()) {
      throw new BadHeader("two extended headers follow one another");
    }
    pax = PaxRecords.decode(small(header));
    for (String keyword : pax.keySet()) {
      if (REFUSED.contains(keyword) || keyword.startsWith("GNU.sparse.")) {
        throw new BadHeader(
            "the extended header \""
                + keyword
                + "\" cannot be unpacked; write the archive without"
                + " sparse members and access control lists");
      }
      if (keyword.startsWith("LIBARCHIVE.xattr.")
          && !pax.containsKey(XATTR + keyword.substring("LIBARCHIVE.xattr.".length()))) {
        throw new BadHeader("\"" + keyword + "\" is not understood without its SCHILY.xattr twin");
      }
    }
  }

  /** A comment, as git archive writes it; other values for all members are read too differently. */
  private void global(UstarHeader header) throws IOException, BadHeader {
    for (String keyword : PaxRecords.decode(small(header)).keySet()) {
      if (!keyword.equals("comment")) {
        throw new BadHeader("a global header sets \"" + keyword + "\" for all members");
      }
    }
  }

  private byte[] longText(UstarHeader header, @Nullable byte[] before)
      throws IOException, BadHeader {
    if (before != null) {
      throw new BadHeader("two long names follow one another");
    }
    byte[] text = small(header);
    int end = text.length;
    while (end > 0 && text[end - 1] == 0) {
      end--;
    }
    return Arrays.copyOf(text, end);
  }

  private TarEntry member(UstarHeader header) throws BadHeader {
    byte flag = header.flag();
    Type type = flag == 0 || flag == '7' ? Type.FILE : Type.of(flag);
    if (type == null) {
      throw new BadHeader("a member of the type \"" + printable(flag) + "\" cannot be unpacked");
    }
    byte[] name = text("path", longName, header.name());
    byte[] link = text("linkpath", longLink, header.text(Field.LINK));
    boolean linked = type == Type.LINK || type == Type.SYMLINK;
    long size = number(header, Field.SIZE, "size", Long.MAX_VALUE - UstarHeader.SIZE);
    if (size > 0 && type != Type.FILE) {
      throw new BadHeader("a " + type + " member with content");
    }
    boolean device = type == Type.CHARACTER || type == Type.BLOCK;
    TarEntry entry =
        new TarEntry(
            type,
            name,
            linked ? link : TarEntry.NO_LINK,
            mode(header),
            number(header, Field.UID, "uid", LARGEST_ID),
            number(header, Field.GID, "gid", LARGEST_ID),
            size,
            modified(header),
            device ? (int) header.number(Field.MAJOR) : 0,
            device ? (int) header.number(Field.MINOR) : 0,
            xattrs());
    left = size;
    padding = (int) (-size & UstarHeader.SIZE - 1);
    return entry;
  }

  private static String printable(byte flag) {
    return flag > ' ' && flag != 0x7f ? String.valueOf((char) flag) : "\\" + (flag & 0xff);
  }

  private byte[] text(String keyword, @Nullable byte[] gnu, byte[] field) throws BadHeader {
    byte[] text = pax.get(keyword);
    if (text != null && gnu != null) {
      throw new BadHeader("a member with two long names, one of each kind");
    }
    text = text != null ? text : gnu != null ? gnu : field;
    for (byte b : text) {
      if (b == 0) {
        throw new BadHeader("a name with a NUL in it");
      }
    }
    return text;
  }

  private long number(UstarHeader header, Field field, String keyword, long largest)
      throws BadHeader {
    long value = header.number(field);
    byte[] text = pax.get(keyword);
    if (text != null) {
      String digits = new String(text, ISO_8859_1);
      if (!digits.matches("[0-9]{1,18}")) {
        throw new BadHeader("an extended header whose " + keyword + " is no number");
      }
      value = Long.parseLong(digits);
    }
    if (value > largest) {
      throw new BadHeader("the " + keyword + " " + value + " is too large");
    }
    return value;
  }

  private static int mode(UstarHeader header) throws BadHeader {
    long mode = header.number(Field.MODE);
    if ((mode & ~(TYPE_BITS | 07777L)) != 0) {
      throw new BadHeader("the mode of a member is none");
    }
    return (int) mode & 07777;
  }

  private Instant modified(UstarHeader header) throws BadHeader {
    byte[] text = pax.get("mtime");
    Instant time =
        text != null
            ? PaxTime.parse(text)
            : Instant.ofEpochSecond(Math.min(header.number(Field.MODIFIED), YEAR_10000));
    if (Math.abs(time.getEpochSecond()) >= YEAR_10000) {
      throw new BadHeader("a member was modified in a year that no file system knows");
    }
    return time;
  }

  private SortedMap<String, byte[]> xattrs() throws BadHeader {
    SortedMap<String, byte[]> xattrs = new TreeMap<>();
    for (Map.Entry<String, byte[]> entry : pax.entrySet()) {
      if (entry.getKey().startsWith(XATTR)) {
        String name = entry.getKey().substring(XATTR.length());
        int length = name.getBytes(UTF_8).length;
        if (length == 0 || length > 255 || entry.getValue().length > 1 << 16) {
          throw new BadHeader("an extended attribute that is too large, or has no name");
        }
        xattrs.put(name, entry.getValue());
      }
    }
    return xattrs;
  }

  /** Reads the content of the member; -1 at its end. */
  int read(byte[] into, int offset, int length) throws IOException, BadHeader {
    if (left == 0) {
      return -1;
    }
    int count = in.read(into, offset, (int) Math.min(length, left));
    if (count < 0) {
      throw new BadHeader("the archive ends within a file: it is truncated");
    }
    left -= count;
    return count;
  }

  private void skipContent() throws IOException, BadHeader {
    try {
      in.skipNBytes(left + padding);
    } catch (EOFException e) {
      throw new BadHeader("the archive ends within a file: it is truncated");
    }
    left = 0;
    padding = 0;
  }
}
