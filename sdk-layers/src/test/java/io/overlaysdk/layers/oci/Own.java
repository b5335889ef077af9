package io.overlaysdk.layers.oci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Who runs the tests. */
final class Own {
  private static final Path SELF = Path.of("/proc/self");

  private Own() {}

  static int uid() {
    return id("unix:uid");
  }

  static int gid() {
    return id("unix:gid");
  }

  static boolean isRoot() {
    return uid() == 0;
  }

  private static int id(String attribute) {
    try {
      return (Integer) Files.getAttribute(SELF, attribute);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
