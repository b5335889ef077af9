package io.overlaysdk.it.proof;

/**
 * One thing that a sequence does to a tree, as a line for a POSIX shell whose directory is the
 * tree's root. What cannot be done there is skipped, in a container as in the model.
 */
record Operation(String line) {
  @Override
  public String toString() {
    return line;
  }
}
