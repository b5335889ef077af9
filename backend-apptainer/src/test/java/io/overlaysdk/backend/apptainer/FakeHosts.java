package io.overlaysdk.backend.apptainer;

import io.overlaysdk.testkit.FakeHost;

/** Machines as they are found on clusters. */
final class FakeHosts {
  static final String CONF = "/etc/apptainer/apptainer.conf";

  private FakeHosts() {}

  /** Apptainer as most distributions package it: without setuid, with its FUSE programs. */
  static FakeHost apptainer(String version) {
    return bare(version)
        .program("squashfuse_ll", "/usr/bin/squashfuse_ll")
        .program("fuse-overlayfs", "/usr/bin/fuse-overlayfs")
        .program("fuse2fs", "/usr/bin/fuse2fs")
        .program("newuidmap", "/usr/bin/newuidmap")
        .file(CONF, "# enable overlay = no\nenable overlay = yes\nmount dev = yes\n");
  }

  /** Apptainer alone. */
  static FakeHost bare(String version) {
    return FakeHost.linux()
        .program("apptainer", "/usr/bin/apptainer")
        .answer("apptainer version " + version, "/usr/bin/apptainer", "--version")
        .answer(
            "PACKAGE_NAME=apptainer\nLIBEXECDIR=/usr/libexec\nAPPTAINER_CONF_FILE="
                + CONF
                + "\nAPPTAINER_SUID_INSTALL=0",
            "/usr/bin/apptainer",
            "buildcfg");
  }
}
