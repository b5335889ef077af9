package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.Permissions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;

/**
 * The root directory of a squashfs whose inodes are not compressed. What mksquashfs 4.5.1 makes of
 * an archive has one of this process's owner and time, whatever its options say, so that is put
 * right here. The format is that of the kernel's {@code squashfs_fs.h}.
 */
final class SquashfsRoot {
  private static final int FLAGS = 24;
  private static final int ROOT_INODE = 32;
  private static final int ID_TABLE = 48;
  private static final int INODE_TABLE = 64;
  private static final int INODES_AS_THEY_ARE = 1;

  /** In an inode: behind the type. */
  private static final int MODE = 2;

  private static final int USER = 4;
  private static final int GROUP = 6;
  private static final int MODIFIED = 8;

  /** In front of a block of metadata: its length, and that it is not compressed. */
  private static final int AS_IT_IS = 0x8000;

  private static final int IDS_IN_BLOCK = 2048;

  private final FileChannel file;
  private final long offset;

  private SquashfsRoot(FileChannel file, long offset) {
    this.file = file;
    this.offset = offset;
  }

  /**
   * Sets mode, owners and time.
   *
   * @param offset where the squashfs begins in the file
   * @param permissions owners are those of other entries, or of this process
   */
  static void set(Path squashfs, long offset, Permissions permissions, Instant modified) {
    try (FileChannel file =
        FileChannel.open(squashfs, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      new SquashfsRoot(file, offset).set(permissions, modified);
    } catch (IOException e) {
      throw new OverlayException("cannot complete " + squashfs + ": " + e, e);
    }
  }

  private void set(Permissions permissions, Instant modified) throws IOException {
    if (number(0, 4) != SquashfsSuperblock.MAGIC) {
      throw new IOException("it is no squashfs");
    }
    if ((number(FLAGS, 2) & INODES_AS_THEY_ARE) == 0) {
      throw new IOException("its inodes are compressed");
    }
    put(MODE, 2, permissions.mode());
    put(USER, 2, index(permissions.uid()));
    put(GROUP, 2, index(permissions.gid()));
    put(MODIFIED, 4, modified.getEpochSecond());
  }

  /** The place in the table of owners. */
  private long index(long id) throws IOException {
    long table = number(ID_TABLE, 8);
    long count = number(26, 2);
    for (int i = 0; i < count; i++) {
      long block = number(table + 8L * (i / IDS_IN_BLOCK), 8);
      // with its inodes the owners are not compressed either
      size(block);
      if (number(block + 2 + 4L * (i % IDS_IN_BLOCK), 4) == id) {
        return i;
      }
    }
    throw new IOException("nothing in it belongs to " + id + ", to whom its root does");
  }

  /** An inode may lie in two blocks, and begin anywhere. */
  private void put(int field, int length, long value) throws IOException {
    long reference = number(ROOT_INODE, 8);
    for (int i = 0; i < length; i++) {
      long block = number(INODE_TABLE, 8) + (reference >>> 16);
      long at = (reference & 0xffff) + field + i;
      long size = size(block);
      while (at >= size) {
        at -= size;
        block += 2 + size;
        size = size(block);
      }
      file.write(
          ByteBuffer.wrap(new byte[] {(byte) (value >>> 8 * i)}), this.offset + block + 2 + at);
    }
  }

  private long size(long block) throws IOException {
    long header = number(block, 2);
    if ((header & AS_IT_IS) == 0 || header == AS_IT_IS) {
      throw new IOException("a block of its inodes or owners is compressed or empty");
    }
    return header & ~AS_IT_IS;
  }

  private long number(long at, int length) throws IOException {
    if (offset + at < 0) {
      throw new IOException("it leads to " + at);
    }
    ByteBuffer bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).limit(length);
    while (bytes.hasRemaining()) {
      if (file.read(bytes, offset + at + bytes.position()) < 0) {
        throw new IOException("it ends at " + at);
      }
    }
    return bytes.clear().getLong(0);
  }
}
