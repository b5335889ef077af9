package io.overlaysdk.backend.support.sif;

import io.overlaysdk.spi.Host;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The capabilities that this machine withholds from root. Run by root, the tools ask for all that
 * the kernel knows and fail where one is refused ("Requesting capability set", Apptainer 1.4.5),
 * unless they are told to leave those out.
 */
final class Capabilities {
  private static final Path STATUS = Path.of("/proc/self/status");

  /** By their numbers, as in linux/capability.h. */
  private static final List<String> NAMES =
      List.of(
          """
          CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
          LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK
          IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
          SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE
          AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND
          AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
          """
              .strip()
              .split("\\s+"));

  private Capabilities() {}

  /**
   * Their names, separated by commas; empty where none is withheld or it cannot be known. One that
   * the kernel does not have counts as withheld: to leave it out changes nothing. What the kernel
   * has cannot be asked for: the JDK reads /proc/sys/kernel/cap_last_cap as 4 where it is 40.
   */
  static Optional<String> withheld(Host host) {
    return host.read(STATUS)
        .flatMap(Capabilities::bounding)
        .map(Capabilities::namesMissingIn)
        .filter(names -> !names.isEmpty());
  }

  private static String namesMissingIn(long set) {
    return IntStream.range(0, NAMES.size())
        .filter(number -> (set >>> number & 1) == 0)
        .mapToObj(number -> "CAP_" + NAMES.get(number))
        .collect(Collectors.joining(","));
  }

  /** The bounding set: what a program that root starts is permitted. */
  private static Optional<Long> bounding(String status) {
    return status
        .lines()
        .filter(line -> line.matches("CapBnd:\\s*[0-9a-f]{1,16}"))
        .map(line -> Long.parseUnsignedLong(line.substring("CapBnd:".length()).strip(), 16))
        .findFirst();
  }
}
