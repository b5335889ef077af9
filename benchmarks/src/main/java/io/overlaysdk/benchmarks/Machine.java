package io.overlaysdk.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;

/** Where and when numbers were measured. */
final class Machine {
  private Machine() {}

  /** Root's overlays are marked in another way, which costs more to read. */
  static String user() {
    return System.getProperty("user.name").equals("root") ? "root" : "a plain user";
  }

  static String described() throws IOException {
    String load = Files.readString(Path.of("/proc/loadavg")).split(" ")[0];
    return "Measured on %s as %s: %d processors, Linux %s, Java %s, load average %s before."
        .formatted(
            LocalDate.now(ZoneId.systemDefault()),
            user(),
            Runtime.getRuntime().availableProcessors(),
            System.getProperty("os.version").replaceAll("-.*", ""),
            System.getProperty("java.version"),
            load);
  }
}
