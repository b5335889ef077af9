package io.overlaysdk.layers;

import java.nio.file.Path;

/** Makes what Java cannot: a character device with the number 0:0. Implemented by the engine. */
public interface Whiteouts {

  /**
   * Makes a whiteout, as {@code mknod FILE c 0 0} does; since Linux 5.8 no privilege is needed. It
   * is asked for one, which then gets further names as hard links, and again only where a file can
   * have no more names. Its mode must not be 0700, which is what that of fuse-overlayfs is known
   * by.
   *
   * @throws io.overlaysdk.OverlayException where it cannot be made
   */
  void create(Path file);
}
