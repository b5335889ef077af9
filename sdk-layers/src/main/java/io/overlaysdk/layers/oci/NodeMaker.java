package io.overlaysdk.layers.oci;

import java.nio.file.Path;
import java.time.Instant;

/**
 * Makes what Java cannot, besides {@link io.overlaysdk.layers.Whiteouts}: device nodes, FIFOs,
 * attributes outside {@code user.}. Implemented by the engine, which may start processes. Each
 * method throws {@link io.overlaysdk.OverlayException} where it cannot do what it is asked for;
 * parents exist, the entries themselves do not.
 */
public interface NodeMaker {

  /** Makes a device node, with any mode. */
  void device(Path file, boolean block, int major, int minor);

  /** Makes a FIFO, with any mode. */
  void fifo(Path file);

  /**
   * Sets one extended attribute, by its full name, of an entry that exists. Follows no link. May be
   * put off until {@link #flush}, so that one process can set many.
   */
  void attribute(Path file, String name, byte[] value);

  /** Sets what was put off. Called before anything changes that could stand in the way. */
  default void flush() {}

  /** Sets the time of a device node or FIFO, which Java would have to open for that. */
  void modified(Path file, Instant time);
}
