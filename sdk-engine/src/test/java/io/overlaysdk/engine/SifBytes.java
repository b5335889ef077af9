package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Puts the bytes of a SIF together: header, table of descriptors, objects. */
final class SifBytes {
  static final int TABLE = 128;
  static final int DESCRIPTOR = 585;
  private static final int SLOTS = 4;

  private record Entry(
      int dataType, int group, int fileSystem, int purpose, String architecture, byte[] content) {}

  private final List<Entry> entries = new ArrayList<>();

  /** A definition file and a squashfs root for amd64. */
  static SifBytes valid() {
    return new SifBytes()
        .object(0x4001, "bootstrap: scratch".getBytes(ISO_8859_1))
        .partition(1, 2, "02", squashfs());
  }

  SifBytes object(int dataType, byte[] content) {
    entries.add(new Entry(dataType, 0xf0000001, 0, 0, "", content));
    return this;
  }

  SifBytes partition(int fileSystem, int purpose, String architecture, byte[] content) {
    return partition(fileSystem, purpose, architecture, content, 1);
  }

  SifBytes partition(int fileSystem, int purpose, String architecture, byte[] content, int group) {
    entries.add(new Entry(0x4004, 0xf0000000 | group, fileSystem, purpose, architecture, content));
    return this;
  }

  byte[] bytes() {
    int data = TABLE + SLOTS * DESCRIPTOR;
    int length = entries.stream().mapToInt(entry -> entry.content.length).sum();
    ByteBuffer out = ByteBuffer.allocate(data + length).order(ByteOrder.LITTLE_ENDIAN);
    out.put("#!/usr/bin/env run-singularity\n\0".getBytes(ISO_8859_1));
    out.put("SIF_MAGIC\0".getBytes(ISO_8859_1)).put("01\0".getBytes(ISO_8859_1));
    out.put("02\0".getBytes(ISO_8859_1)).put(new byte[16]);
    out.putLong(1).putLong(1).putLong(SLOTS - entries.size()).putLong(SLOTS);
    out.putLong(TABLE).putLong((long) SLOTS * DESCRIPTOR).putLong(data).putLong(length);
    int offset = data;
    for (int i = 0; i < entries.size(); i++) {
      Entry entry = entries.get(i);
      put(out.position(TABLE + i * DESCRIPTOR), entry, i + 1, offset);
      out.position(offset).put(entry.content);
      offset += entry.content.length;
    }
    return out.array();
  }

  private static void put(ByteBuffer out, Entry entry, int id, int offset) {
    int at = out.position();
    out.putInt(entry.dataType).put((byte) 1).putInt(id).putInt(entry.group).putInt(0);
    out.putLong(offset).putLong(entry.content.length).putLong(entry.content.length);
    out.position(at + 201).putInt(entry.fileSystem).putInt(entry.purpose);
    out.put(Arrays.copyOf(entry.architecture.getBytes(ISO_8859_1), 3));
  }

  /** The bytes with a number of {@code size} bytes, 1, 2, 4 or 8, put over them. */
  static byte[] with(byte[] bytes, int at, int size, long value) {
    byte[] copy = bytes.clone();
    for (int i = 0; i < size; i++) {
      copy[at + i] = (byte) (value >> 8 * i);
    }
    return copy;
  }

  /** An empty squashfs, as far as its superblock goes. */
  static byte[] squashfs() {
    ByteBuffer out = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    out.put("hsqs".getBytes(ISO_8859_1)).putInt(1).putInt(0).putInt(131072).putInt(0);
    out.putShort((short) 1).putShort((short) 17).putShort((short) 0).putShort((short) 1);
    out.putShort((short) 4).putShort((short) 0).putLong(0).putLong(96);
    return out.array();
  }

  /** The start of an ext3 of 8 blocks of 1 KiB, as mkfs.ext3 makes it. */
  static byte[] ext3() {
    return ext(0x3c, 0x2, 0x3);
  }

  static byte[] ext(int compat, int incompat, int roCompat) {
    ByteBuffer out = ByteBuffer.allocate(8192).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(1024 + 4, 8).putShort(1024 + 56, (short) 0xEF53).putShort(1024 + 58, (short) 1);
    out.putInt(1024 + 92, compat).putInt(1024 + 96, incompat).putInt(1024 + 100, roCompat);
    return out.array();
  }
}
