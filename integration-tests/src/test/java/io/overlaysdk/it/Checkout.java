package io.overlaysdk.it;

import java.nio.file.Path;

/** The checkout that is tested, or a copy of it where the user of this run cannot read it. */
public final class Checkout {
  private Checkout() {}

  public static Path root() {
    String root = System.getenv("OVERLAYSDK_CHECKOUT");
    return Path.of(root == null ? ".." : root).toAbsolutePath().normalize();
  }
}
