package io.overlaysdk;

/** The make of the graphics processors whose devices and libraries a session sees. */
public enum Gpu {
  NVIDIA,
  AMD
}
