package io.overlaysdk.engine;

import io.overlaysdk.Policy;
import io.overlaysdk.spi.Host;
import java.util.Optional;

/**
 * Who locks overlays, and how.
 *
 * @param demand the policy that refuses an overlay where its file system has no locks; leases do
 *     there where none says so
 */
record Locking(Host host, Optional<Policy> demand) {}
