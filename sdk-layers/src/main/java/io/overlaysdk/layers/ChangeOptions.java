package io.overlaysdk.layers;

import java.util.Objects;

/** What counts as a change, and how changes are told. An immutable value. */
public final class ChangeOptions {
  private static final ChangeOptions STANDARD =
      new ChangeOptions(false, false, Owners.asOnHost(), Owners.asOnHost(), RuntimeFiles.none());

  private final boolean all;
  private final boolean root;
  private final Owners upperOwners;
  private final Owners lowerOwners;
  private final RuntimeFiles runtimeFiles;

  private ChangeOptions(
      boolean all,
      boolean root,
      Owners upperOwners,
      Owners lowerOwners,
      RuntimeFiles runtimeFiles) {
    this.all = all;
    this.root = root;
    this.upperOwners = upperOwners;
    this.lowerOwners = lowerOwners;
    this.runtimeFiles = runtimeFiles;
  }

  /**
   * A removed tree is one change; owners are those of the host in all layers; nothing is left out
   * but the root directory itself, which whoever made the overlay made.
   */
  public static ChangeOptions standard() {
    return STANDARD;
  }

  /** Each entry of a removed or replaced tree is a change of its own. */
  public ChangeOptions all() {
    return new ChangeOptions(true, root, upperOwners, lowerOwners, runtimeFiles);
  }

  /** The mode, owner and attributes of the root directory count too. */
  public ChangeOptions root() {
    return new ChangeOptions(all, true, upperOwners, lowerOwners, runtimeFiles);
  }

  /** Owners are compared as these say that they are in the container. */
  public ChangeOptions owners(Owners upper, Owners lower) {
    return new ChangeOptions(
        all,
        root,
        Objects.requireNonNull(upper, "upper"),
        Objects.requireNonNull(lower, "lower"),
        runtimeFiles);
  }

  /** What the container runtime itself made is left out. */
  public ChangeOptions without(RuntimeFiles files) {
    return new ChangeOptions(
        all, root, upperOwners, lowerOwners, Objects.requireNonNull(files, "files"));
  }

  boolean listsAll() {
    return all;
  }

  boolean comparesRoot() {
    return root;
  }

  RuntimeFiles runtimeFiles() {
    return runtimeFiles;
  }

  boolean sameOwner(Permissions upper, Permissions lower) {
    return upperOwners.uid(upper.uid()) == lowerOwners.uid(lower.uid())
        && upperOwners.gid(upper.gid()) == lowerOwners.gid(lower.gid());
  }
}
