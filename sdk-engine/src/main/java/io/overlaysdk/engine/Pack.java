package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.overlaysdk.CorruptOverlayException;
import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A packed overlay as a file: a squashfs, and behind it, where no reader of it looks, a line with
 * the digest of all that is before. In the squashfs are the manifest and either {@code upper} or an
 * image.
 */
final class Pack {
  /** What the manifest is called in it. */
  static final String MANIFEST = ".overlay-pack.json";

  private static final String MARK = "overlay-sdk pack 1 ";
  private static final int LENGTH = MARK.length() + 64 + 1;

  private Pack() {}

  static boolean isAt(RawFile file) {
    return file.size() > LENGTH && line(file).startsWith(MARK);
  }

  private static String line(RawFile file) {
    ByteBuffer end = file.read(file.size() - LENGTH, LENGTH);
    return US_ASCII.decode(end).toString();
  }

  /** Makes a pack of a squashfs. */
  static void complete(Path squashfs) {
    byte[] line = (MARK + Digests.sha256(squashfs) + "\n").getBytes(US_ASCII);
    try (FileChannel file = FileChannel.open(squashfs, StandardOpenOption.APPEND)) {
      ByteBuffer bytes = ByteBuffer.wrap(line);
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
    } catch (IOException e) {
      throw new OverlayException("cannot complete " + squashfs + ": " + e, e);
    }
  }

  /**
   * Reads all of it.
   *
   * @throws InvalidSpecException where it is no pack
   * @throws CorruptOverlayException where it is not what was packed
   */
  static void check(Found found) {
    try (RawFile file = RawFile.open(found)) {
      if (found.directory() || !isAt(file)) {
        throw new InvalidSpecException(
            "the file " + found.path() + " is no packed overlay, or only the beginning of one");
      }
      String digest = Digests.sha256(found.path(), file.size() - LENGTH);
      if (!line(file).equals(MARK + digest + "\n")) {
        throw new CorruptOverlayException(
            "the packed overlay "
                + found.path()
                + " is damaged: its digest is "
                + digest
                + ", and that is not what was packed; copy it again");
      }
      SquashfsSuperblock.check(file, 0, file.size() - LENGTH, "the pack");
    }
  }
}
