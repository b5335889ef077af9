package io.overlaysdk.engine;

import io.overlaysdk.Access;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import io.overlaysdk.layers.oci.Compression;
import io.overlaysdk.spi.OverlayFacts;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.ZipException;

/** An ext3 image that overlays are made of. */
final class Template {
  private static final int BLOCK = 1 << 16;

  /** In the superblock (Linux, fs/ext4/ext4.h). */
  private static final int BLOCKS = ExtSuperblock.AT + 4;

  private static final int BLOCK_SIZE = ExtSuperblock.AT + 24;
  private static final int LARGEST_SHIFT = 6;

  private final Found found;

  private Template(Found found) {
    this.found = found;
  }

  static Template at(Path path) {
    Found found = Found.at(path, Subject.TEMPLATE);
    if (found.directory()) {
      throw new InvalidSpecException(
          "the template " + found.path() + " is a directory; give an ext3 image");
    }
    return new Template(found);
  }

  Path path() {
    return found.path();
  }

  /** One as it is may be an overlay that is written to. */
  OverlayFacts overlay() {
    return new OverlayFacts(OverlayFacts.Kind.EXT3, found.path(), Access.READ_ONLY);
  }

  /** Whether it is an image as it is, which can be copied without reading it. */
  boolean isPlain() {
    try (RawFile file = RawFile.open(found)) {
      return Content.of(file).kind() == Content.Kind.EXT;
    }
  }

  /**
   * Writes what it is compressed from.
   *
   * @throws InvalidSpecException where that is no ext3 image, or more than that
   */
  void unpackTo(Path target) {
    try (InputStream in = Compression.decompress(Files.newInputStream(found.path()));
        FileChannel out =
            FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      byte[] block = in.readNBytes(BLOCK);
      long size = size(block);
      long at = 0;
      while (block.length > 0) {
        if (at + block.length > size) {
          throw refused("holds more than a file system of " + size + " bytes");
        }
        write(out, block, at);
        at += block.length;
        block = in.readNBytes(BLOCK);
      }
      if (at < size) {
        throw refused("holds " + at + " bytes of a file system of " + size);
      }
      if (out.size() < size) {
        out.write(ByteBuffer.allocate(1), size - 1);
      }
    } catch (ZipException e) {
      throw refused("is damaged: " + e.getMessage());
    } catch (IOException e) {
      throw new OverlayException("cannot copy the template " + found.path() + ": " + e, e);
    }
  }

  private InvalidSpecException refused(String problem) {
    return new InvalidSpecException(
        "the template "
            + found.path()
            + " "
            + problem
            + "; give an ext3 image, as it is or compressed with gzip or zstd");
  }

  /** Read before anything is written, so that a bomb is no larger than what it claims to be. */
  private long size(byte[] head) {
    ByteBuffer bytes = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
    if (!ExtSuperblock.isAt(bytes, 0) || bytes.getInt(BLOCK_SIZE) > LARGEST_SHIFT) {
      throw refused("is no ext3 image");
    }
    return Integer.toUnsignedLong(bytes.getInt(BLOCKS)) << 10 + bytes.getInt(BLOCK_SIZE);
  }

  private static void write(FileChannel out, byte[] block, long at) throws IOException {
    boolean hole = true;
    for (int i = 0; i < block.length && hole; i++) {
      hole = block[i] == 0;
    }
    ByteBuffer bytes = ByteBuffer.wrap(block);
    while (!hole && bytes.hasRemaining()) {
      out.write(bytes, at + bytes.position());
    }
  }
}
