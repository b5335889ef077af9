/**
 * A merged root that is made and entered by hand. Start at {@link
 * io.overlaysdk.backend.support.rootfs.MergedRoot}: it plans all but the merging itself, in which
 * the backends differ ({@link io.overlaysdk.backend.support.rootfs.Merge}).
 *
 * <p>One invocation holds everything: {@code unshare} makes the namespaces, a constant script
 * mounts the layers, merges them, enters the result with bubblewrap, and unmounts in reverse.
 */
package io.overlaysdk.backend.support.rootfs;
