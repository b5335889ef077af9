package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;

/**
 * The inode of the root of a squashfs whose inodes are not compressed. Each block of the table has
 * 8192 bytes behind two that say its length (Linux, fs/squashfs/squashfs_fs.h).
 */
final class SquashfsRoot {
  private static final int ROOT = 32;
  private static final int INODE_TABLE = 64;
  private static final int BLOCK = 8192;
  private static final int UNCOMPRESSED = 0x8000;
  private static final int TIME = 8;

  private SquashfsRoot() {}

  /**
   * Sets when the root was modified.
   *
   * @param offset where the squashfs begins in the file
   */
  static void setTime(Path file, long offset, Instant time) {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long root = read(channel, offset + ROOT, Long.BYTES).getLong(0);
      long block = offset + read(channel, offset + INODE_TABLE, Long.BYTES).getLong(0);
      block += root >> 16;
      int at = (int) (root & 0xffff) + TIME;
      ByteBuffer value =
          ByteBuffer.allocate(Integer.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putInt(0, (int) time.getEpochSecond());
      for (int i = 0; i < Integer.BYTES; i++) {
        // the last bytes of an inode may be in the next block
        long start = block + (at + i) / BLOCK * (BLOCK + Short.BYTES);
        requireUncompressed(channel, start, file);
        channel.write(value.slice(i, 1), start + Short.BYTES + (at + i) % BLOCK);
      }
    } catch (IOException e) {
      throw new OverlayException("cannot write to " + file + ": " + e, e);
    }
  }

  private static void requireUncompressed(FileChannel channel, long block, Path file)
      throws IOException {
    int length = Short.toUnsignedInt(read(channel, block, Short.BYTES).getShort(0));
    if ((length & UNCOMPRESSED) == 0) {
      throw new OverlayException(
          "mksquashfs has compressed the inodes of " + file + ", which it was asked not to do");
    }
  }

  private static ByteBuffer read(FileChannel channel, long at, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    while (bytes.hasRemaining() && channel.read(bytes, at + bytes.position()) >= 0) {
      continue;
    }
    if (bytes.hasRemaining()) {
      throw new IOException("it ends before byte " + (at + length));
    }
    return bytes;
  }
}
