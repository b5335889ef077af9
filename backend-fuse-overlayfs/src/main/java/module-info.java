/** Runs sessions in a root that fuse-overlayfs merges. */
module io.overlaysdk.backend.fuseoverlayfs {
  requires transitive io.overlaysdk;
  requires io.overlaysdk.backend.support;

  // ServiceLoader needs the class to be public; nothing else is meant to use it
  exports io.overlaysdk.backend.fuseoverlayfs;

  provides io.overlaysdk.spi.Backend with
      io.overlaysdk.backend.fuseoverlayfs.FuseOverlayfsBackend;
}
