package io.overlaysdk.engine;

import io.overlaysdk.Configuration;
import io.overlaysdk.spi.Host;

/**
 * Who locks overlays, and how.
 *
 * @param required whether an overlay is refused where its file system has no locks; else leases do
 */
record Locking(Host host, boolean required) {
  static Locking of(Host host, Configuration configuration) {
    return new Locking(host, configuration.requiresLocks());
  }
}
