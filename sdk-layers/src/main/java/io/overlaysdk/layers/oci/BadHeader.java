package io.overlaysdk.layers.oci;

/** A header of an archive cannot be read. The reader adds where, and makes it an SDK exception. */
final class BadHeader extends Exception {
  private static final long serialVersionUID = 1;

  BadHeader(String message) {
    super(message, null, false, false);
  }
}
