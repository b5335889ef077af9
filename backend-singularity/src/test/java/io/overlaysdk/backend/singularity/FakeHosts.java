package io.overlaysdk.backend.singularity;

import io.overlaysdk.testkit.FakeHost;

/** Machines on which something answers to the name singularity. */
final class FakeHosts {
  static final String CONF = "/etc/singularity/singularity.conf";

  private FakeHosts() {}

  /** SingularityCE as its own packages install it, setuid, on a recent kernel. */
  static FakeHost setuid(String version) {
    return singularity("singularity-ce version " + version, "SINGULARITY_SUID_INSTALL=1");
  }

  /** SingularityCE that was installed without setuid. */
  static FakeHost unprivileged(String version) {
    return singularity("singularity-ce version " + version, "SINGULARITY_SUID_INSTALL=0");
  }

  /** A link to Apptainer, as on most sites. */
  static FakeHost link() {
    return singularity(
            "apptainer version 1.4.5",
            "APPTAINER_CONF_FILE=/etc/apptainer/apptainer.conf\nAPPTAINER_SUID_INSTALL=0")
        .file("/etc/apptainer/apptainer.conf", "mount dev = minimal\n")
        .program("squashfuse_ll", "/usr/bin/squashfuse_ll")
        .program("fuse-overlayfs", "/usr/bin/fuse-overlayfs")
        .program("fuse2fs", "/usr/bin/fuse2fs");
  }

  static FakeHost singularity(String version, String suid) {
    return FakeHost.linux()
        .program("singularity", "/usr/bin/singularity")
        .program("newuidmap", "/usr/bin/newuidmap")
        .answer(version, "/usr/bin/singularity", "--version")
        .answer("SINGULARITY_CONF_FILE=" + CONF + "\n" + suid, "/usr/bin/singularity", "buildcfg")
        .file("/proc/sys/kernel/osrelease", "6.1.0-40-amd64\n");
  }
}
