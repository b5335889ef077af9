package io.overlaysdk.engine;

import java.util.List;
import java.util.regex.Pattern;

/** The two digits by which a SIF names a processor architecture. */
final class SifArchitecture {
  /** In the order of their numbers, from 00 on (sif v2, pkg/sif/arch.go; riscv64 since v2.17). */
  private static final List<String> NAMES =
      List.of(
          "",
          "386",
          "amd64",
          "arm",
          "arm64",
          "ppc64",
          "ppc64le",
          "mips",
          "mipsle",
          "mips64",
          "mips64le",
          "s390x",
          "riscv64");

  private static final Pattern CODE = Pattern.compile("[0-9]{2}\0");

  private SifArchitecture() {}

  static boolean isCode(String code) {
    return CODE.matcher(code).matches();
  }

  /**
   * Go's name for it; empty where the SIF says that nothing is known. A number from the future gets
   * a name that no machine has, so that it is refused and not taken for anything.
   */
  static String name(String code) {
    int number = Integer.parseInt(code.substring(0, 2));
    return number < NAMES.size() ? NAMES.get(number) : "sif-architecture-" + number;
  }

  /** The code for Go's name, with the zero behind it; that of "nothing is known" for others. */
  static String code(String name) {
    return "%02d\0".formatted(Math.max(0, NAMES.indexOf(name)));
  }
}
