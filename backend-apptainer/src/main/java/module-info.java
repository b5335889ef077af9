/** The Apptainer backend of overlay-sdk. Found with ServiceLoader; nothing compiles against it. */
module io.overlaysdk.backend.apptainer {
  requires io.overlaysdk;
  requires io.overlaysdk.backend.support;

  provides io.overlaysdk.spi.Backend with
      io.overlaysdk.backend.apptainer.ApptainerBackend;
  provides io.overlaysdk.spi.ImageBuilder with
      io.overlaysdk.backend.apptainer.ApptainerBuilder;
}
