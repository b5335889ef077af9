package io.overlaysdk.it.proof;

/** What becomes of a file with several names that lies below the layer that is written to. */
enum Links {
  /** There is none. Links that were made are parted before another layer is put on top. */
  NONE_BELOW,
  /** Each name is a file of its own as soon as one of them is written to, on every driver. */
  PARTED
}
