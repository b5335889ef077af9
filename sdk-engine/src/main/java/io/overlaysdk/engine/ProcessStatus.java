package io.overlaysdk.engine;

import io.overlaysdk.OverlayException;
import java.util.HashMap;
import java.util.Map;

/** What the kernel says of this process in {@code /proc/self/status}. */
final class ProcessStatus {
  private final Map<String, String> fields = new HashMap<>();

  ProcessStatus(String text) {
    text.lines()
        .map(line -> line.split(":\\s*", 2))
        .filter(parts -> parts.length == 2)
        .forEach(parts -> fields.putIfAbsent(parts[0], parts[1]));
  }

  int uid() {
    return effective("Uid");
  }

  int gid() {
    return effective("Gid");
  }

  /** Of the real, the effective, the saved and the file system's id, the second. */
  private int effective(String field) {
    String[] ids = fields.getOrDefault(field, "").split("\\s+");
    try {
      return Integer.parseUnsignedInt(ids[1]);
    } catch (ArrayIndexOutOfBoundsException | NumberFormatException e) {
      throw new OverlayException(
          "cannot tell who runs this: /proc/self/status says \""
              + field
              + ": "
              + fields.get(field)
              + "\"",
          e);
    }
  }

  /**
   * Whether the process has every capability of the kernel; false where that is not known, because
   * what works with some of them works with all.
   *
   * @param lastCapability what {@code /proc/sys/kernel/cap_last_cap} holds
   */
  boolean isCapable(String lastCapability) {
    try {
      int last = Integer.parseInt(lastCapability.strip());
      long all = last >= 63 ? -1 : (1L << last + 1) - 1;
      long held = Long.parseUnsignedLong(fields.getOrDefault("CapEff", ""), 16);
      return (held & all) == all;
    } catch (NumberFormatException e) {
      return false;
    }
  }
}
