/**
 * The Singularity backend of overlay-sdk. Found with ServiceLoader; nothing compiles against it.
 */
module io.overlaysdk.backend.singularity {
  requires io.overlaysdk;
  requires io.overlaysdk.backend.support;

  provides io.overlaysdk.spi.Backend with
      io.overlaysdk.backend.singularity.SingularityBackend;
  provides io.overlaysdk.spi.ImageBuilder with
      io.overlaysdk.backend.singularity.SingularityBuilder;
}
