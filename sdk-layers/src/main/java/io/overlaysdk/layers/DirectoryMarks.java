package io.overlaysdk.layers;

/**
 * What the attributes of a directory say to the driver.
 *
 * @param opaque nothing of the layers below shows through
 * @param holdsXwhiteouts empty files in it may be whiteouts, by an attribute (Linux 6.7)
 * @param redirect where the lower directory was before, or null
 */
record DirectoryMarks(boolean opaque, boolean holdsXwhiteouts, @Nullable byte[] redirect) {
  static final DirectoryMarks NONE = new DirectoryMarks(false, false, null);
}
