package io.overlaysdk.layers.oci;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Counts what comes out of a decompressor against what went in, and stops a bomb. */
final class LimitedInput extends FilterInputStream {
  /** Below this nothing is a bomb: a file of zeros is 1:1000 in gzip, and harmless. */
  private static final long HARMLESS = 1L << 30;

  /** Counts what is read from the file itself. */
  static final class Counter extends FilterInputStream {
    private long count;

    Counter(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int b = super.read();
      count += b < 0 ? 0 : 1;
      return b;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int read = super.read(into, offset, length);
      count += Math.max(read, 0);
      return read;
    }
  }

  private final Counter compressed;
  private final LayerLimits limits;
  private long count;

  LimitedInput(InputStream in, Counter compressed, LayerLimits limits) {
    super(in);
    this.compressed = compressed;
    this.limits = limits;
  }

  long count() {
    return count;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    int read = decompress(into, offset, length);
    count += Math.max(read, 0);
    if (count > limits.bytes()) {
      throw new InvalidLayerException(
          "the layer has more than "
              + limits.bytes()
              + " bytes, the limit of this import; "
              + "raise it with LayerLimits.withBytes where the layer is trusted");
    }
    if (count > HARMLESS && count / limits.ratio() > compressed.count) {
      throw new InvalidLayerException(
          "the layer grows to more than "
              + limits.ratio()
              + " times its compressed size, the limit"
              + " of this import; raise it with LayerLimits.withRatio where the layer is trusted");
    }
    return read;
  }

  private int decompress(byte[] into, int offset, int length) {
    try {
      return in.read(into, offset, length);
    } catch (IOException e) {
      throw new InvalidLayerException("the layer cannot be decompressed: " + e, e);
    }
  }

  @Override
  public long skip(long n) throws IOException {
    byte[] sink = new byte[1 << 13];
    long left = n;
    while (left > 0) {
      int read = read(sink, 0, (int) Math.min(sink.length, left));
      if (read < 0) {
        break;
      }
      left -= read;
    }
    return n - left;
  }

  @Override
  public boolean markSupported() {
    return false;
  }
}
