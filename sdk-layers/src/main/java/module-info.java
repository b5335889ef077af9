/**
 * What an upper directory means: reading it, comparing it with its lowers, rewriting its markers.
 */
module io.overlaysdk.layers {
  requires transitive io.overlaysdk;
  // for layers that end in .tar.zst only
  requires static com.github.luben.zstd_jni;

  exports io.overlaysdk.layers;
  exports io.overlaysdk.layers.oci;
}
