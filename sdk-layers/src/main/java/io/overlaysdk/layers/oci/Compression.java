package io.overlaysdk.layers.oci;

import io.overlaysdk.InvalidSpecException;
import io.overlaysdk.UnsupportedException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** How a layer is compressed. The same layer gives the same bytes in each of them. */
public enum Compression {
  /** {@code .tar}. */
  NONE,
  /** {@code .tar.gz} or {@code .tgz}; no name and no time of writing is in it. */
  GZIP,
  /** {@code .tar.zst}. Needs {@code com.github.luben:zstd-jni}, a dependency that is optional. */
  ZSTD;

  private static final int BUFFER = 1 << 16;

  /**
   * What the name of a file asks for.
   *
   * @throws InvalidSpecException where it ends in none of the names above
   */
  public static Compression of(Path file) {
    String name = String.valueOf(file.getFileName());
    if (name.endsWith(".tar")) {
      return NONE;
    }
    if (name.endsWith(".tar.gz") || name.endsWith(".tgz")) {
      return GZIP;
    }
    if (name.endsWith(".tar.zst")) {
      return ZSTD;
    }
    throw new InvalidSpecException(
        "a layer is written to a file that ends in .tar, .tar.gz, .tgz or .tar.zst, not to "
            + file);
  }

  OutputStream compress(OutputStream out) throws IOException {
    return switch (this) {
      case NONE -> out;
      case GZIP -> new GZIPOutputStream(out, BUFFER);
      case ZSTD -> zstd(() -> Zstandard.compress(out));
    };
  }

  /**
   * Decompresses what its first bytes show it to be: gzip, zstd, or nothing of these.
   *
   * @throws UnsupportedException where it is zstd, and the library for it is not here
   * @throws IOException where it cannot be read
   */
  public static InputStream decompress(InputStream in) throws IOException {
    BufferedInputStream buffered = new BufferedInputStream(in, BUFFER);
    buffered.mark(4);
    byte[] magic = buffered.readNBytes(4);
    buffered.reset();
    if (startsWith(magic, 0x1f, 0x8b)) {
      return new GZIPInputStream(buffered, BUFFER);
    }
    if (startsWith(magic, 0x28, 0xb5, 0x2f, 0xfd)) {
      return zstd(() -> Zstandard.decompress(buffered));
    }
    return buffered;
  }

  private static boolean startsWith(byte[] bytes, int... start) {
    for (int i = 0; i < start.length; i++) {
      if (i >= bytes.length || (bytes[i] & 0xff) != start[i]) {
        return false;
      }
    }
    return true;
  }

  private interface Opening<T> {
    T open() throws IOException;
  }

  private static <T> T zstd(Opening<T> opening) throws IOException {
    try {
      return opening.open();
    } catch (LinkageError e) {
      throw new UnsupportedException(
          "zstd needs a library that is not here: add the dependency com.github.luben:zstd-jni,"
              + " or use gzip",
          e);
    }
  }
}
