package io.overlaysdk;

import java.util.OptionalLong;

/**
 * How large an overlay in one file is to be. Immutable: each method returns a new value.
 *
 * @param bytes the size of the file system, and so of the file
 * @param inodes how many files and directories it can hold; empty for one in 16 KiB, as mkfs.ext3
 *     has it (mke2fs.conf of e2fsprogs 1.47)
 * @param full whether the space is taken at once, rather than when it is used
 */
public record ImageSize(long bytes, OptionalLong inodes, boolean full) {
  private static final long SMALLEST = 1 << 20;

  /**
   * @throws InvalidSpecException where it is less than 1 MiB, or has fewer than 16 inodes, or more
   *     than one in 1 KiB
   */
  public ImageSize {
    if (bytes < SMALLEST) {
      throw new InvalidSpecException(
          "an ext3 overlay needs at least " + SMALLEST + " bytes, not " + bytes);
    }
    if (inodes.isPresent() && (inodes.getAsLong() < 16 || inodes.getAsLong() > bytes / 1024)) {
      throw new InvalidSpecException(
          "an ext3 overlay of "
              + bytes
              + " bytes can have from 16 to "
              + bytes / 1024
              + " inodes, not "
              + inodes.getAsLong());
    }
  }

  /** So many bytes, taken when they are used. */
  public static ImageSize of(long bytes) {
    return new ImageSize(bytes, OptionalLong.empty(), false);
  }

  /** With room for so many files and directories. */
  public ImageSize inodes(long count) {
    return new ImageSize(bytes, OptionalLong.of(count), full);
  }

  /** With all the space taken at once, so that a session cannot find the file system full. */
  public ImageSize taken() {
    return new ImageSize(bytes, inodes, true);
  }
}
