package io.overlaysdk.it.proof;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

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
    for (String backend : List.of("apptainer", "fuse-overlayfs")) {
      for (Base base : Base.values()) {
        for (Kind overlay : Kind.values()) {
          for (User user : User.values()) {
            all.add(new Combination(backend, base, overlay, user));
          }
        }
      }
    }
    return all;
  }

  boolean fakeroot() {
    return user == User.FAKEROOT;
  }

  @Override
  public String toString() {
    String words = backend + " " + base + " " + overlay + (fakeroot() ? " fakeroot" : "");
    return words.toLowerCase(Locale.ROOT);
  }
}
