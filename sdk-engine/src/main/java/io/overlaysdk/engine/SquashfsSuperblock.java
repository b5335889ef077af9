package io.overlaysdk.engine;

import io.overlaysdk.UnsupportedException;
import java.nio.ByteBuffer;

/** The first bytes of a squashfs file system, version 4. */
final class SquashfsSuperblock {
  static final int MAGIC = 0x73717368; // "hsqs"
  private static final int SIZE = 96;
  private static final int HEAD = 64 * 1024;

  /** Where the place of the table of attributes stands; -1 where there is none. */
  private static final int ATTRIBUTES = 56;

  private SquashfsSuperblock() {}

  static boolean isAt(ByteBuffer head, int offset) {
    return head.limit() - offset >= Integer.BYTES && head.getInt(offset) == MAGIC;
  }

  /** What tells one from another: it has no UUID, but all its sizes are at its beginning. */
  static String identity(RawFile file) {
    return file.size() + " " + Digests.sha256(file.read(0, HEAD));
  }

  /**
   * Checks that a whole squashfs lies at {@code offset}.
   *
   * @param available how many bytes there are for it
   * @param where what an error calls it
   */
  static void check(RawFile file, long offset, long available, String where) {
    ByteBuffer block = file.read(offset, SIZE);
    if (!isAt(block, 0)) {
      throw file.corrupt(
          where + " at byte " + offset, Content.describe(block), "it must be a squashfs");
    }
    if (block.limit() < SIZE || available < SIZE) {
      throw file.corrupt(
          where + " at byte " + offset,
          Math.min(block.limit(), available) + " bytes long",
          "a squashfs begins with " + SIZE);
    }
    int major = Short.toUnsignedInt(block.getShort(28));
    if (major > 0 && major < 4) {
      throw new UnsupportedException(
          "the "
              + file.subject()
              + " "
              + file.path()
              + " is a squashfs of version "
              + major
              + ", and today's tools read version 4 only; unpack it with an old unsquashfs and pack"
              + " it again");
    }
    if (major != 4) {
      throw file.corrupt(where + ": the squashfs version", major, "there is none but 4");
    }
    checkSizes(file, block, available, where);
  }

  /** Whether anything in it has an extended attribute. */
  static boolean hasAttributes(RawFile file, long offset) {
    return file.read(offset, SIZE).getLong(ATTRIBUTES) != -1;
  }

  private static void checkSizes(RawFile file, ByteBuffer block, long available, String where) {
    long blockSize = Integer.toUnsignedLong(block.getInt(12));
    int log = Short.toUnsignedInt(block.getShort(22));
    if (log < 12 || log > 20 || blockSize != 1L << log) {
      throw file.corrupt(
          where + ": the squashfs block size",
          blockSize + " with logarithm " + log,
          "it is 2 to that power, from 4096 to 1048576");
    }
    int compressor = Short.toUnsignedInt(block.getShort(20));
    if (compressor < 1 || compressor > 6) {
      throw file.corrupt(
          where + ": the squashfs compressor", compressor, "there are the numbers 1 to 6");
    }
    long used = block.getLong(40);
    if (used < SIZE || used > available) {
      throw file.corrupt(
          where + ": the squashfs length (bytes_used)",
          used,
          "there are " + available + " bytes for it");
    }
  }
}
