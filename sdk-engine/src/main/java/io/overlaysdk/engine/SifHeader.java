package io.overlaysdk.engine;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.UnsupportedException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The first bytes of a SIF file and the table that they lead to. Every number is checked against
 * the file before it is used. The layout is that of github.com/apptainer/sif v2, packed,
 * little-endian.
 *
 * @param descriptors the objects in the file, in the order of the table
 * @param tableStart where the table begins
 * @param tableEnd the first byte behind it
 */
record SifHeader(List<SifDescriptor> descriptors, long tableStart, long tableEnd) {
  static final int SIZE = 128;

  /** Tools make 48; a table of this many is 292 KiB. */
  private static final int MOST_DESCRIPTORS = 512;

  private static final int LAUNCH_SIZE = 32;
  private static final String MAGIC = "SIF_MAGIC\0";

  SifHeader {
    descriptors = List.copyOf(descriptors);
  }

  static boolean isAt(ByteBuffer head) {
    int size = LAUNCH_SIZE + MAGIC.length();
    return head.limit() >= size && Content.text(head, LAUNCH_SIZE, MAGIC.length()).equals(MAGIC);
  }

  /**
   * @throws CorruptOverlayException where it is truncated or contradicts itself or the file
   * @throws UnsupportedException where it is of a later version
   */
  static SifHeader read(RawFile file) {
    ByteBuffer head = file.read(0, SIZE);
    if (head.limit() < SIZE) {
      throw file.corrupt(
          "the file's size", file.size() + " bytes", "a SIF header alone has " + SIZE);
    }
    checkVersion(file, Content.text(head, 42, 3));
    checkArchitecture(file, "the SIF header's architecture", Content.text(head, 45, 3));
    int total = count(file, head);
    long start = head.getLong(96);
    int length = total * SifDescriptor.SIZE;
    if (start < SIZE || start > file.size() - length) {
      throw file.corrupt(
          "the SIF header's descroff",
          start,
          "the table has "
              + length
              + " bytes for "
              + total
              + " descriptors, and lies between byte "
              + SIZE
              + " and the file's end, "
              + file.size());
    }
    checkRange(file, "descroff", start, "descrlen", head.getLong(104));
    checkRange(file, "dataoff", head.getLong(112), "datalen", head.getLong(120));
    ByteBuffer table = file.read(start, length);
    if (table.limit() < length) {
      throw file.corrupt("the file's size", file.size(), "it got shorter while it was read");
    }
    List<SifDescriptor> descriptors = new ArrayList<>();
    for (int i = 0; i < total; i++) {
      if (SifDescriptor.isUsed(table, i)) {
        descriptors.add(SifDescriptor.read(file, table, i));
      }
    }
    return new SifHeader(descriptors, start, start + length);
  }

  private static void checkVersion(RawFile file, String version) {
    if (!version.matches("[0-9]{2}\0")) {
      throw file.corrupt("the SIF header's version", quoted(version), "it is two digits");
    }
    if (version.compareTo("01\0") > 0) {
      throw new UnsupportedException(
          "the image "
              + file.path()
              + " is a SIF of version "
              + version.substring(0, 2)
              + ", and this SDK reads version 01; build it with a tool that writes that, or use a"
              + " newer SDK");
    }
  }

  static void checkArchitecture(RawFile file, String where, String code) {
    if (!SifArchitecture.isCode(code)) {
      throw file.corrupt(where, quoted(code), "it is two digits");
    }
  }

  private static int count(RawFile file, ByteBuffer head) {
    long free = head.getLong(80);
    long total = head.getLong(88);
    if (total < 0 || total > MOST_DESCRIPTORS) {
      throw file.corrupt(
          "the SIF header's dtotal", total, "a table has " + MOST_DESCRIPTORS + " at most");
    }
    if (free < 0 || free > total) {
      throw file.corrupt(
          "the SIF header's dfree", free, "there are " + total + " descriptors in all (dtotal)");
    }
    return (int) total;
  }

  private static void checkRange(
      RawFile file, String startName, long start, String lengthName, long length) {
    if (start < SIZE || start > file.size()) {
      throw file.corrupt(
          "the SIF header's " + startName,
          start,
          "it must lie between byte " + SIZE + " and the file's end, " + file.size());
    }
    if (length < 0 || length > file.size() - start) {
      throw file.corrupt(
          "the SIF header's " + lengthName,
          length,
          "from byte " + start + " on there are " + (file.size() - start) + " in the file");
    }
  }

  private static String quoted(String bytes) {
    StringBuilder text = new StringBuilder("\"");
    bytes
        .chars()
        .forEach(
            c -> text.append(c > ' ' && c < 0x7f ? "" + (char) c : String.format("\\x%02x", c)));
    return text.append('"').toString();
  }
}
