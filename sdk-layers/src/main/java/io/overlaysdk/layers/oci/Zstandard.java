package io.overlaysdk.layers.oci;

import com.github.luben.zstd.ZstdInputStream;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** The only class that needs zstd-jni: it is loaded when zstd is used, and not before. */
final class Zstandard {
  private Zstandard() {}

  static OutputStream compress(OutputStream out) throws IOException {
    ZstdOutputStream compressed = new ZstdOutputStream(out, 3);
    try {
      compressed.setChecksum(true);
      return compressed;
    } catch (IOException e) {
      compressed.close();
      throw e;
    }
  }

  static InputStream decompress(InputStream in) throws IOException {
    return new ZstdInputStream(in);
  }
}
