package io.overlaysdk.engine;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.InvalidSpecException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Locale;

/**
 * What identifies a file system of the ext family.
 *
 * @param family which of them it is
 * @param needsRecovery whether its journal holds changes that its blocks do not have yet
 * @param hasErrors whether a kernel or a tool found it inconsistent
 * @param wasClosed false while fuse2fs has it mounted for writing, and after that was cut off
 */
record ExtSuperblock(Family family, boolean needsRecovery, boolean hasErrors, boolean wasClosed) {

  /** Told apart as Apptainer 1.4 does (pkg/image/ext3.go), by the features that are in use. */
  enum Family {
    EXT2,
    EXT3,
    EXT4
  }

  /** Where the superblock lies in the file system. */
  static final int AT = 1024;

  private static final int SIZE = 1024;
  private static final int MAGIC_AT = 56;
  private static final short MAGIC = (short) 0xEF53;
  private static final int UUID_AT = 104;
  private static final int UUID_SIZE = 16;
  private static final int STATE_VALID = 0x1;
  private static final int STATE_ERRORS = 0x2;
  private static final int COMPAT_JOURNAL = 0x4;
  private static final int INCOMPAT_RECOVER = 0x4;
  // filetype, needs_recovery, meta_bg
  private static final int INCOMPAT_EXT3 = 0x2 | INCOMPAT_RECOVER | 0x10;
  // sparse_super, large_file, btree_dir
  private static final int RO_COMPAT_EXT3 = 0x1 | 0x2 | 0x4;

  static boolean isAt(ByteBuffer head, int offset) {
    int magic = offset + AT + MAGIC_AT;
    return head.limit() - magic >= Short.BYTES && head.getShort(magic) == MAGIC;
  }

  /**
   * Reads the superblock of the file system at {@code offset}.
   *
   * @param available how many bytes there are for the file system
   * @param where what an error calls it
   * @throws CorruptOverlayException where it is not whole
   */
  static ExtSuperblock read(RawFile file, long offset, long available, String where) {
    ByteBuffer head = file.read(offset, AT + SIZE);
    if (!isAt(head, 0)) {
      throw file.corrupt(
          where + " at byte " + offset, Content.describe(head), "it must be an ext3 file system");
    }
    if (head.limit() < AT + SIZE || available < AT + SIZE) {
      throw file.corrupt(
          where + " at byte " + offset,
          Math.min(head.limit(), available) + " bytes long",
          "an ext3 file system begins with " + (AT + SIZE));
    }
    ByteBuffer block = head.slice(AT, SIZE).order(head.order());
    checkSize(file, block, available, where);
    int incompat = block.getInt(96);
    boolean journal = (block.getInt(92) & COMPAT_JOURNAL) != 0;
    boolean newer = (incompat & ~INCOMPAT_EXT3) != 0 || (block.getInt(100) & ~RO_COMPAT_EXT3) != 0;
    return new ExtSuperblock(
        newer ? Family.EXT4 : journal ? Family.EXT3 : Family.EXT2,
        (incompat & INCOMPAT_RECOVER) != 0,
        (block.getShort(58) & STATE_ERRORS) != 0,
        (block.getShort(58) & STATE_VALID) != 0);
  }

  /** What fits into a file system, as its superblock counted when it was last written. */
  record Room(long freeBytes, long inodes, long freeInodes) {}

  /** Reads the counts of the file system at {@code offset}, which is one. */
  static Room room(RawFile file, long offset) {
    ByteBuffer block = file.read(offset + AT, SIZE);
    long blockSize = 1024L << block.getInt(24);
    return new Room(
        Integer.toUnsignedLong(block.getInt(12)) * blockSize,
        Integer.toUnsignedLong(block.getInt(0)),
        Integer.toUnsignedLong(block.getInt(16)));
  }

  /** The UUID of the file system at {@code offset}, in hexadecimal digits. */
  static String uuid(RawFile file, long offset) {
    byte[] uuid = new byte[UUID_SIZE];
    ByteBuffer found = file.read(offset + AT + UUID_AT, UUID_SIZE);
    found.get(uuid, 0, found.remaining());
    return HexFormat.of().formatHex(uuid);
  }

  private static void checkSize(RawFile file, ByteBuffer block, long available, String where) {
    int log = block.getInt(24);
    if (log < 0 || log > 6) {
      throw file.corrupt(
          where + ": the ext block size (s_log_block_size)", log, "it is from 0 to 6");
    }
    long blocks = Integer.toUnsignedLong(block.getInt(4));
    long bytes = blocks << (10 + log);
    if (blocks == 0 || bytes > available) {
      throw file.corrupt(
          where + ": the ext size (s_blocks_count)",
          blocks + " blocks of " + (1024 << log) + " bytes",
          "there are " + available + " bytes for it");
    }
  }

  /**
   * Refuses what the tools would not mount, or only after a repair.
   *
   * @param offset where the file system begins
   * @throws InvalidSpecException where it is ext2 or ext4
   * @throws CorruptOverlayException where it needs e2fsck first
   */
  void requireUsable(RawFile file, long offset) {
    if (family != Family.EXT3) {
      throw new InvalidSpecException(
          "the "
              + file.subject()
              + " "
              + file.path()
              + " is an "
              + this
              + " file system, and the tools take ext3 only; make it with mkfs.ext3"
              + (file.subject() == Subject.OVERLAY ? ", or with overlay create --size" : ""));
    }
    // e2fsck 1.47.0 reads FILE?offset=N, but fails in the middle of a repair there
    requireReadable(
        file,
        offset == 0
            ? "e2fsck -fp " + file.path()
            : "tail -c +"
                + (offset + 1)
                + " "
                + file.path()
                + " > NEW.img, then e2fsck -fp NEW.img, and use that");
  }

  /** Whether whoever wrote to it last let go of it in order. */
  boolean isClean() {
    return !needsRecovery && !hasErrors && wasClosed;
  }

  /**
   * Refuses what must be repaired before it is even read. One that was cut off is not: fuse2fs
   * 1.47.4 leaves the same mark where it was killed on a read-only mount.
   */
  private void requireReadable(RawFile file, String repair) {
    if (needsRecovery || hasErrors) {
      requireClean(file, repair);
    }
  }

  /**
   * Refuses what must be repaired. fuse2fs 1.47.4 does not mount a file system with errors; one
   * whose journal must be replayed it either refuses or, asked for a read-only mount, writes to. In
   * one that it was killed on, blocks may be taken that count as free.
   *
   * @param repair the commands that help
   * @throws CorruptOverlayException where it needs e2fsck first
   */
  void requireClean(RawFile file, String repair) {
    if (!isClean()) {
      throw new CorruptOverlayException(
          "the "
              + file.subject()
              + " "
              + file.path()
              + " was not unmounted properly: its ext3 file system "
              + trouble()
              + "; repair it first: "
              + repair);
    }
  }

  private String trouble() {
    if (hasErrors) {
      return "has errors";
    }
    return needsRecovery ? "needs its journal replayed" : "was cut off while it was written to";
  }

  /** As people write it: ext3. */
  @Override
  public String toString() {
    return family.name().toLowerCase(Locale.ROOT);
  }
}
