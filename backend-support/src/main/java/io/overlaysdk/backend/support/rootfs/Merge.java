package io.overlaysdk.backend.support.rootfs;

import io.overlaysdk.spi.Dialect;
import java.util.List;
import java.util.Set;

/** Makes one tree of layers: the part in which the backends with a merged root differ. */
public interface Merge {

  /** The name of the backend, for what is refused. */
  String backend();

  /**
   * Whether the kernel merges by itself. It takes no directory to write to that lies behind FUSE,
   * and changes files only whose owners the user namespace maps.
   */
  boolean isByKernel();

  /** Why this way, in one sentence; shown by explain. */
  String reason();

  /** The marks in the layers that it understands. */
  Set<Dialect> reads();

  /** The marks that it makes in the layer that is written to. */
  Dialect writes();

  /**
   * The program, absolute, and its arguments. It returns as soon as the merged root is mounted at
   * {@link Stack#MERGED}; what it leaves running may hold neither its standard output nor its
   * standard error.
   */
  List<String> words(Stack stack);
}
