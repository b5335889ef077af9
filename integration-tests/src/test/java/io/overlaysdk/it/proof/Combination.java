package io.overlaysdk.it.proof;

/** One way of running a sequence. */
record Combination(String backend, Base base, Kind overlay, User user) {
  /** What the image is. */
  enum Base {
    SIF,
    SANDBOX
  }

  /** What the overlay is. */
  enum Kind {
    DIRECTORY,
    EXT3
  }

  /** Who the container's user is. */
  enum User {
    SELF,
    FAKEROOT
  }

  boolean fakeroot() {
    return user == User.FAKEROOT;
  }

  @Override
  public String toString() {
    return (backend + " " + base + " " + overlay + (fakeroot() ? " fakeroot" : ""))
        .toLowerCase(java.util.Locale.ROOT);
  }
}
