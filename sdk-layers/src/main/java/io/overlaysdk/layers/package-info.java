/**
 * What an upper directory means. {@link io.overlaysdk.layers.Layer} says where one is and how to
 * read it, {@link io.overlaysdk.layers.LayerDirectory} reads it. Starts no process, and writes
 * nothing but what {@link io.overlaysdk.layers.NeutralForm} is asked to rewrite.
 */
package io.overlaysdk.layers;
