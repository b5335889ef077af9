package io.overlaysdk.it.proof;

/** What can be compared in some combinations only. */
enum Aspect {
  /** Where the container's user may have files of others. */
  OWNERS,
  /** Which names are one file: where no lower layer has files with several names. */
  LINKS
}
