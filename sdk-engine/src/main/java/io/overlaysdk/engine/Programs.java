package io.overlaysdk.engine;

import io.overlaysdk.LaunchException;
import io.overlaysdk.spi.Host;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The programs that the engine itself needs, besides container tools. */
final class Programs {
  /** Which package of Debian brings them; the others are named as their programs. */
  private static final Map<String, String> PACKAGES =
      Map.ofEntries(
          Map.entry("debugfs", "e2fsprogs"),
          Map.entry("e2fsck", "e2fsprogs"),
          Map.entry("fallocate", "util-linux"),
          Map.entry("getfattr", "attr"),
          Map.entry("mkfifo", "coreutils"),
          Map.entry("mkfs.ext3", "e2fsprogs"),
          Map.entry("mknod", "coreutils"),
          Map.entry("mksquashfs", "squashfs-tools (4.5 or newer)"),
          Map.entry("resize2fs", "e2fsprogs"),
          Map.entry("setfattr", "attr"),
          Map.entry("sync", "coreutils"),
          Map.entry("touch", "coreutils"),
          Map.entry("unshare", "util-linux"));

  private Programs() {}

  /**
   * Where it is.
   *
   * @param what it is needed for, as in "cannot WHAT"
   * @throws LaunchException where it is not here
   */
  static Path require(Host host, String program, String what) {
    return host.find(program).orElseThrow(() -> missing(program, what));
  }

  static LaunchException missing(String program, String what) {
    return new LaunchException(
        "cannot "
            + what
            + ": that needs "
            + program
            + ", which is not here; install the package "
            + PACKAGES.getOrDefault(program, program),
        List.of(program),
        "");
  }
}
