package io.overlaysdk.backend.support.sif;

import java.util.List;

/** The names under which the probe remembers what a plan needs; doctor shows them. */
final class Facts {
  static final String PRODUCT = "product";
  static final String SETUID = "setuid";
  static final String CONFIGURATION = "configuration";
  static final String SITE = "site configuration";
  static final String KERNEL = "kernel";
  static final String WITHHELD = "withheld capabilities";
  static final String NVIDIA = "nvidia";
  static final String AMD = "amd";

  static final String ENABLE_OVERLAY = "enable overlay";
  static final String USER_BINDS = "user bind control";
  static final String ALWAYS_NV = "always use nv";
  static final String ALWAYS_ROCM = "always use rocm";
  static final String USER_NAMESPACES = "allow user ns";
  static final String KERNEL_EXTFS = "allow kernel extfs";
  static final String KERNEL_SQUASHFS = "allow kernel squashfs";

  /** What every session is promised; a site that switches it off cannot run any. */
  static final List<String> PROMISED =
      List.of(
          "allow pid ns",
          "mount proc",
          "mount sys",
          "mount dev",
          "config passwd",
          "config group",
          "config resolv_conf");

  /** What is read from the site's configuration, under its name there. */
  static final List<String> DIRECTIVES =
      List.of(
          ENABLE_OVERLAY,
          USER_BINDS,
          ALWAYS_NV,
          ALWAYS_ROCM,
          USER_NAMESPACES,
          KERNEL_EXTFS,
          KERNEL_SQUASHFS,
          // no plan asks for these, but whoever reads doctor does
          "allow setuid-mount extfs",
          "allow setuid-mount squashfs",
          "sessiondir max size");

  private Facts() {}
}
