package io.overlaysdk.layers.oci;

/**
 * What a layer may ask of the machine that imports it. A layer that asks for more is refused, and
 * nothing of it stays.
 *
 * @param bytes of the archive once it is decompressed
 * @param entries in the archive; one of them takes an inode, and up to a few hundred bytes of
 *     memory
 * @param depth of a name, in components
 * @param ratio between the decompressed and the compressed bytes, once the former exceed 1 GiB
 */
public record LayerLimits(long bytes, long entries, int depth, int ratio) {
  /** 64 GiB, two million entries, 256 directories in one another, 200 to 1. */
  public static final LayerLimits DEFAULT = new LayerLimits(64L << 30, 2_000_000, 256, 200);

  public LayerLimits {
    if (bytes < 1 || entries < 1 || depth < 1 || ratio < 1) {
      throw new IllegalArgumentException("a limit is at least one");
    }
  }

  public LayerLimits withBytes(long most) {
    return new LayerLimits(most, entries, depth, ratio);
  }

  public LayerLimits withEntries(long most) {
    return new LayerLimits(bytes, most, depth, ratio);
  }

  public LayerLimits withDepth(int most) {
    return new LayerLimits(bytes, entries, most, ratio);
  }

  public LayerLimits withRatio(int most) {
    return new LayerLimits(bytes, entries, depth, most);
  }
}
