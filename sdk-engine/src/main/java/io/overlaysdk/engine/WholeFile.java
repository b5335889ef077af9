package io.overlaysdk.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.overlaysdk.OverlayException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** A small file that is on disk as a whole, or as it was before. */
final class WholeFile {
  private WholeFile() {}

  /**
   * @param partial a name beside it, under which it is written first
   * @throws OverlayException where it cannot be written; the one before is still there
   */
  static void write(Path file, Path partial, String text) {
    try {
      Threads.uninterrupted(() -> put(partial, text));
      Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw afterRemoving(partial, file, e);
    }
  }

  private static void put(Path partial, String text) throws IOException {
    try (FileChannel channel =
        FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
  }

  private static OverlayException afterRemoving(Path partial, Path file, IOException cause) {
    OverlayException failure = new OverlayException("cannot write " + file + ": " + cause, cause);
    try {
      Files.deleteIfExists(partial);
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
    return failure;
  }
}
