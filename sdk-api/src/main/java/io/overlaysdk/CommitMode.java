package io.overlaysdk;

/** How an image and its overlays become a new image. */
public enum CommitMode {
  /**
   * A copy of a SIF to which each overlay is added as a read-only partition: the cost is that of
   * the changes, and of a copy of the file. Apptainer and Singularity read such partitions, but for
   * {@code --unsquash} and {@code build --sandbox}, which leave them out.
   */
  LAYERED,
  /** One file system that holds what a session sees: a SIF, a directory, or an OCI archive. */
  FLATTENED
}
