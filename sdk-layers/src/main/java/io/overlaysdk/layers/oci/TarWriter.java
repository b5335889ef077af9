package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Writes members as ustar, with an extended header where a field cannot hold a value. The same
 * entries give the same bytes: no process id, no time of writing, no name of a user is in them.
 *
 * <p>commons-compress 1.28.0 keeps values of extended headers as texts: it writes {@code ff} as
 * {@code c3 bf} and reads {@code 80} as {@code ef bf bd}, which breaks {@code security.capability}.
 */
final class TarWriter {
  private static final byte[] PAX_NAME = "././@PaxHeader".getBytes(US_ASCII);
  private static final int NAME_LENGTH = 100;
  private static final int PREFIX_LENGTH = 155;

  /** From this size on it is faster to let the kernel move the content of a file. */
  private static final long DIRECT = 1 << 20;

  private final BackgroundOutput out;
  private ByteBuffer buffer;
  private long written;

  /**
   * A writer that collects what it writes.
   *
   * @param buffer the first one to fill
   */
  TarWriter(BackgroundOutput out, ByteBuffer buffer) {
    this.out = out;
    this.buffer = buffer;
  }

  /** Writes what stands in front of the content. */
  void header(TarEntry entry) throws IOException {
    header(entry, new TreeMap<>());
  }

  /** Likewise, in three blocks whatever the size. */
  void headerWithSize(TarEntry entry) throws IOException {
    SortedMap<String, byte[]> pax = new TreeMap<>();
    pax.put("size", Long.toString(entry.size()).getBytes(US_ASCII));
    header(entry, pax);
  }

  /** Fills the last block of a content of this size that is there already. */
  void align(long size) throws IOException {
    put(new byte[(int) (-size & UstarHeader.SIZE - 1)]);
  }

  private void header(TarEntry entry, SortedMap<String, byte[]> pax) throws IOException {
    UstarHeader header = UstarHeader.empty();
    name(header, pax, entry.name());
    link(header, pax, entry.link());
    header.put(UstarHeader.Field.MODE, entry.mode());
    number(header, UstarHeader.Field.UID, "uid", entry.uid(), UstarHeader.LARGEST_ID, pax);
    number(header, UstarHeader.Field.GID, "gid", entry.gid(), UstarHeader.LARGEST_ID, pax);
    number(header, UstarHeader.Field.SIZE, "size", entry.size(), UstarHeader.LARGEST_NUMBER, pax);
    time(header, pax, entry.modified());
    header.put(UstarHeader.Field.MAJOR, entry.major());
    header.put(UstarHeader.Field.MINOR, entry.minor());
    header.flag(entry.type().flag());
    for (Map.Entry<String, byte[]> xattr : entry.xattrs().entrySet()) {
      pax.put("SCHILY.xattr." + xattr.getKey(), xattr.getValue());
    }
    if (!pax.isEmpty()) {
      extended(PaxRecords.encode(pax));
    }
    put(header.sealed());
  }

  private void extended(byte[] records) throws IOException {
    UstarHeader header = UstarHeader.empty();
    header.put(UstarHeader.Field.NAME, PAX_NAME);
    header.put(UstarHeader.Field.MODE, 0644);
    header.put(UstarHeader.Field.UID, 0);
    header.put(UstarHeader.Field.GID, 0);
    header.put(UstarHeader.Field.SIZE, records.length);
    header.put(UstarHeader.Field.MODIFIED, 0);
    header.flag((byte) 'x');
    put(header.sealed());
    put(records);
    pad();
  }

  private static void name(UstarHeader header, Map<String, byte[]> pax, byte[] name) {
    int split = name.length <= NAME_LENGTH ? 0 : split(name);
    if (!isAscii(name) || split < 0) {
      text(pax, "path", name);
      split = 0;
    }
    header.put(
        UstarHeader.Field.NAME,
        split == 0 ? name : Arrays.copyOfRange(name, split + 1, name.length));
    header.put(UstarHeader.Field.PREFIX, Arrays.copyOf(name, split));
  }

  /** Where the slash is that parts a long name into prefix and rest, or -1. */
  private static int split(byte[] name) {
    for (int i = Math.min(PREFIX_LENGTH, name.length - 2); i > 0; i--) {
      if (name[i] == '/') {
        return name.length - i - 1 <= NAME_LENGTH ? i : -1;
      }
    }
    return -1;
  }

  private static void link(UstarHeader header, Map<String, byte[]> pax, byte[] link) {
    if (link.length > NAME_LENGTH || !isAscii(link)) {
      text(pax, "linkpath", link);
    }
    header.put(UstarHeader.Field.LINK, link);
  }

  private static void text(Map<String, byte[]> pax, String keyword, byte[] value) {
    pax.put(keyword, value);
    if (!Arrays.equals(new String(value, UTF_8).getBytes(UTF_8), value)) {
      // POSIX: without this the values are UTF-8; it sorts before the two that it speaks of
      pax.put("hdrcharset", "BINARY".getBytes(US_ASCII));
    }
  }

  private static void number(
      UstarHeader header,
      UstarHeader.Field field,
      String keyword,
      long value,
      long largest,
      Map<String, byte[]> pax) {
    if (value > largest) {
      pax.put(keyword, Long.toString(value).getBytes(US_ASCII));
    }
    header.put(field, value > largest ? 0 : value);
  }

  /**
   * Times are exact, as GNU tar's own {@code --format=posix} keeps them: a fraction where needed.
   */
  private static void time(UstarHeader header, Map<String, byte[]> pax, Instant time) {
    long seconds = time.getEpochSecond();
    boolean fits = seconds >= 0 && seconds <= UstarHeader.LARGEST_NUMBER;
    if (!fits || time.getNano() != 0) {
      pax.put("mtime", PaxTime.format(time).getBytes(US_ASCII));
    }
    header.put(UstarHeader.Field.MODIFIED, fits ? seconds : 0);
  }

  /**
   * Writes the content of a file.
   *
   * @return whether there were exactly {@code size} bytes in it
   */
  boolean content(ReadableByteChannel in, long size) throws IOException {
    if (size >= DIRECT && out.isFile() && in instanceof FileChannel file) {
      return large(file, size);
    }
    long left = size;
    while (left > 0) {
      if (!buffer.hasRemaining()) {
        flush();
      }
      int before = buffer.position();
      buffer.limit((int) Math.min(buffer.capacity(), before + left));
      int count = in.read(buffer);
      buffer.limit(buffer.capacity());
      if (count < 0) {
        return false;
      }
      left -= count;
      written += count;
    }
    pad();
    return true;
  }

  /** Where both ends are files the kernel moves the bytes, without this process seeing them. */
  private boolean large(FileChannel in, long size) throws IOException {
    flush();
    long moved = out.transfer(in, size);
    written += moved;
    pad();
    return moved == size;
  }

  private void pad() throws IOException {
    put(new byte[(int) (-written & UstarHeader.SIZE - 1)]);
  }

  private void put(byte[] bytes) throws IOException {
    int at = 0;
    while (at < bytes.length) {
      if (!buffer.hasRemaining()) {
        flush();
      }
      int count = Math.min(buffer.remaining(), bytes.length - at);
      buffer.put(bytes, at, count);
      at += count;
    }
    written += bytes.length;
  }

  /** Writes the end of the archive; two empty blocks, no more: the size depends on nothing else. */
  void finish() throws IOException {
    put(new byte[2 * UstarHeader.SIZE]);
    flush();
    out.await();
  }

  void flush() throws IOException {
    buffer = out.write(buffer);
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
