package io.overlaysdk.spi;

/** How the driver that wrote an upper directory marks what it hides. */
public enum Dialect {
  /**
   * What every driver reads alike: a hidden entry is a character device 0:0, and there is no other
   * marker. Each directory is merged with those below it.
   */
  NEUTRAL,
  /**
   * The kernel, mounted by root: 0:0 devices and {@code trusted.overlay.*} attributes, which only
   * root can read.
   */
  KERNEL_TRUSTED,
  /** The kernel, mounted with {@code userxattr}: 0:0 devices and {@code user.overlay.*}. */
  KERNEL_USERXATTR,
  /**
   * The kernel in a user namespace without {@code userxattr}, as Apptainer mounts it: 0:0 devices
   * only. Differs from {@link #NEUTRAL} in that {@code .wh.NAME} may be a file of the user.
   */
  KERNEL_PLAIN,
  /**
   * fuse-overlayfs: 0:0 devices or, where it cannot make them, empty {@code .wh.NAME} files; {@code
   * .wh..wh..opq} files and {@code user.fuseoverlayfs.*} attributes for opaque directories.
   */
  FUSE
}
