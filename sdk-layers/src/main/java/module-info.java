/**
 * What an upper directory means: reading it, comparing it with its lowers, rewriting its markers.
 */
module io.overlaysdk.layers {
  requires transitive io.overlaysdk;

  exports io.overlaysdk.layers;
}
