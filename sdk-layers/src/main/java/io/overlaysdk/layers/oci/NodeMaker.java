package io.overlaysdk.layers.oci;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * Makes what Java cannot: device nodes, FIFOs, attributes outside {@code user.}. Implemented by the
 * engine, which may start processes. Each method throws {@link io.overlaysdk.OverlayException}
 * where it cannot do what it is asked for; parents exist, the entries themselves do not.
 */
public interface NodeMaker {

  /** Makes character devices 0:0, which hide what lower layers have at their names. */
  void whiteouts(List<Path> files);

  /** Makes a device node, with any mode. */
  void device(Path file, boolean block, int major, int minor);

  /** Makes a FIFO, with any mode. */
  void fifo(Path file);

  /** Sets one extended attribute, by its full name, of an entry that exists. Follows no link. */
  void attribute(Path file, String name, byte[] value);

  /** Sets the time of a device node or FIFO, which Java would have to open for that. */
  void modified(Path file, Instant time);
}
