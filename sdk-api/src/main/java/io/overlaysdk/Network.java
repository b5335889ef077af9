package io.overlaysdk;

/** What a session sees of the network. */
public enum Network {
  /** The host's network; the default of every container tool on clusters. */
  HOST,
  /** A network of its own that holds nothing but the loopback device. */
  NONE
}
