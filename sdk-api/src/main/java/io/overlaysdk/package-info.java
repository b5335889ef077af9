/**
 * Runs commands on top of container images that never change. Start at {@link
 * io.overlaysdk.OverlaySdk}; describe a session with {@link io.overlaysdk.SessionSpec}.
 *
 * <p>No method here takes or returns {@code null}. Values are immutable and may be shared between
 * threads.
 */
package io.overlaysdk;
