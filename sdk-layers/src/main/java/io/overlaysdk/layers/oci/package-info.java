/**
 * Upper directories as layers of OCI images. {@link io.overlaysdk.layers.oci.LayerWriter} writes
 * one, {@link io.overlaysdk.layers.oci.LayerReader} makes a new overlay of one; the archive may
 * come from anywhere. Starts no process.
 */
package io.overlaysdk.layers.oci;
