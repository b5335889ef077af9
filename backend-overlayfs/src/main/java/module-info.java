/** Runs sessions in a root that the kernel merges. */
module io.overlaysdk.backend.overlayfs {
  requires transitive io.overlaysdk;
  requires io.overlaysdk.backend.support;

  // ServiceLoader needs the class to be public; nothing else is meant to use it
  exports io.overlaysdk.backend.overlayfs;

  provides io.overlaysdk.spi.Backend with
      io.overlaysdk.backend.overlayfs.OverlayfsBackend;
  provides io.overlaysdk.spi.ImageBuilder with
      io.overlaysdk.backend.overlayfs.SandboxBuilder;
}
