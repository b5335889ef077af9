package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;

/** The names that mark something in a layer, by the OCI image specification. */
final class LayerNames {
  private static final byte[] WHITEOUT = ".wh.".getBytes(US_ASCII);
  private static final byte[] OPAQUE = ".wh..wh..opq".getBytes(US_ASCII);

  private LayerNames() {}

  /** Whether no file of a user can have this name in a layer. */
  static boolean isMarker(byte[] name) {
    return name.length >= WHITEOUT.length
        && Arrays.equals(name, 0, WHITEOUT.length, WHITEOUT, 0, WHITEOUT.length);
  }

  static boolean isOpaque(byte[] name) {
    return Arrays.equals(name, OPAQUE);
  }

  /** The name that a whiteout hides. */
  static byte[] hidden(byte[] marker) {
    return Arrays.copyOfRange(marker, WHITEOUT.length, marker.length);
  }

  static byte[] whiteout(byte[] directory, byte[] name) {
    return concat(directory, WHITEOUT, name);
  }

  static byte[] opaque(byte[] directory) {
    return concat(directory, OPAQUE, new byte[0]);
  }

  private static byte[] concat(byte[] first, byte[] second, byte[] third) {
    byte[] whole = Arrays.copyOf(first, first.length + second.length + third.length);
    System.arraycopy(second, 0, whole, first.length, second.length);
    System.arraycopy(third, 0, whole, first.length + second.length, third.length);
    return whole;
  }
}
