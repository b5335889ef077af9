package io.overlaysdk.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** The value of {@code security.capability}, as in linux/capability.h. */
final class FileCapability {
  static final String NAME = "security.capability";

  private static final int REVISION = 0xff000000;
  private static final int REVISION_2 = 0x02000000;
  private static final int REVISION_3 = 0x03000000;
  private static final int SIZE_2 = 20;
  private static final int SIZE_3 = 24;

  private FileCapability() {}

  /**
   * Version 3 counts in the user namespaces of one root only, whose id ends it; this is the same in
   * version 2, which counts wherever it is. Other values are left as they are.
   */
  static byte[] everywhere(byte[] value) {
    if (value.length != SIZE_3) {
      return value;
    }
    ByteBuffer buffer = ByteBuffer.wrap(value.clone()).order(ByteOrder.LITTLE_ENDIAN);
    int magic = buffer.getInt(0);
    if ((magic & REVISION) != REVISION_3) {
      return value;
    }
    buffer.putInt(0, magic & ~REVISION | REVISION_2);
    return Arrays.copyOf(buffer.array(), SIZE_2);
  }
}
