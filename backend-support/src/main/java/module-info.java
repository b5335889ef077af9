/** What this project's backends share. Exported to them only: this is not an API. */
@SuppressWarnings("module") // the backends that it is exported to are compiled after it
module io.overlaysdk.backend.support {
  requires transitive io.overlaysdk;

  exports io.overlaysdk.backend.support.rootfs to
      io.overlaysdk.backend.fuseoverlayfs,
      io.overlaysdk.backend.overlayfs;
  exports io.overlaysdk.backend.support.sif to
      io.overlaysdk.backend.apptainer,
      io.overlaysdk.backend.singularity;
}
