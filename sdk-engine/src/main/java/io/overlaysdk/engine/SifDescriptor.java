package io.overlaysdk.engine;

import java.nio.ByteBuffer;

/**
 * One entry of a SIF's table: an object in the file. The layout is that of rawDescriptor in
 * github.com/apptainer/sif v2, packed, little-endian.
 *
 * @param index which entry of the table, from 0 on
 * @param dataType what kind of object
 * @param id by which the tools call it
 * @param group which group it belongs to; 0 for none
 * @param offset where it begins in the file
 * @param length how many bytes it has
 * @param fileSystem of a partition, its format; else without meaning, as what follows
 * @param purpose of a partition, what it is for
 * @param architecture of a partition, the code of its architecture
 */
record SifDescriptor(
    int index,
    int dataType,
    long id,
    int group,
    long offset,
    long length,
    int fileSystem,
    int purpose,
    String architecture) {
  static final int SIZE = 585;
  static final int PARTITION = 0x4004;
  static final int OCI_ROOT_INDEX = 0x400A;

  static final int SQUASHFS = 1;
  static final int EXT3 = 2;
  static final int ENCRYPTED_SQUASHFS = 5;
  static final int GOCRYPTFS_SQUASHFS = 6;

  static final int SYSTEM = 1;
  static final int PRIMARY_SYSTEM = 2;
  static final int DATA = 3;
  static final int OVERLAY = 4;

  private static final int GROUP_MASK = 0xf0000000;
  private static final int USED = 4;
  private static final int EXTRA = 201;

  static boolean isUsed(ByteBuffer table, int index) {
    return table.get(index * SIZE + USED) != 0;
  }

  /** Reads entry {@code index} and checks that its object lies in the file. */
  static SifDescriptor read(RawFile file, ByteBuffer table, int index) {
    int at = index * SIZE;
    SifDescriptor descriptor =
        new SifDescriptor(
            index,
            table.getInt(at),
            Integer.toUnsignedLong(table.getInt(at + 5)),
            table.getInt(at + 9) & ~GROUP_MASK,
            table.getLong(at + 17),
            table.getLong(at + 25),
            table.getInt(at + EXTRA),
            table.getInt(at + EXTRA + 4),
            Content.text(table, at + EXTRA + 8, 3));
    descriptor.checkPlace(file, table.getLong(at + 33));
    return descriptor;
  }

  private void checkPlace(RawFile file, long padded) {
    if (offset < SifHeader.SIZE || offset > file.size()) {
      throw file.corrupt(
          this + ": the offset",
          offset,
          "objects lie between byte " + SifHeader.SIZE + " and the file's end, " + file.size());
    }
    if (length < 0 || length > file.size() - offset) {
      throw file.corrupt(
          this + ": the size",
          length,
          "it begins at byte " + offset + " and the file ends at byte " + file.size());
    }
    if (padded < 0) {
      throw file.corrupt(this + ": the size with padding", padded, "no size is negative");
    }
  }

  boolean isPartition() {
    return dataType == PARTITION;
  }

  long end() {
    return offset + length;
  }

  /** As an error calls it. */
  @Override
  public String toString() {
    return "object " + id + " of the SIF (descriptor " + index + ")";
  }
}
