/** A backend of a site: a jar of its own, found because it is on the class path or module path. */
module example.site {
  requires io.overlaysdk;

  provides io.overlaysdk.spi.Backend with
      example.site.BubblewrapBackend;
}
