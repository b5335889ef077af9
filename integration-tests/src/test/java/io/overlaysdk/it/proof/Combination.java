package io.overlaysdk.it.proof;

import io.overlaysdk.it.OnEachExt3Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

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

  static List<Combination> all() {
    List<Combination> all = new ArrayList<>();
    for (String backend : List.of("apptainer", "fuse-overlayfs", "overlayfs")) {
      for (Base base : Base.values()) {
        for (Kind overlay : Kind.values()) {
          for (User user : User.values()) {
            if (overlay == Kind.DIRECTORY || OnEachExt3Backend.Backends.writes(backend)) {
              all.add(new Combination(backend, base, overlay, user));
            }
          }
        }
      }
    }
    return all;
  }

  boolean fakeroot() {
    return user == User.FAKEROOT;
  }

  /** Whether the container's user may give files to others. */
  boolean owners() {
    return fakeroot() || Shell.ROOT;
  }

  /** Of the paths of the layers below, those that may show again: {@link Generator}. */
  Set<String> anew(Set<String> below) {
    boolean kernel = backend.equals("overlayfs") || Shell.ROOT && backend.equals("apptainer");
    return kernel ? Set.of() : below;
  }

  @Override
  public String toString() {
    String words = backend + " " + base + " " + overlay + (fakeroot() ? " fakeroot" : "");
    return words.toLowerCase(Locale.ROOT);
  }
}
