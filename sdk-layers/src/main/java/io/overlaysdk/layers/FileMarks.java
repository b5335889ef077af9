package io.overlaysdk.layers;

/**
 * What the attributes of a file say to the driver.
 *
 * @param whiteout it is one, where its directory may hold such
 * @param metacopy its content is that of the file below
 * @param redirect where the lower file was before, or null
 */
record FileMarks(boolean whiteout, boolean metacopy, @Nullable byte[] redirect) {
  static final FileMarks NONE = new FileMarks(false, false, null);
}
