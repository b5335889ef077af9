/**
 * A merged root that is made and entered by hand. Start at {@link
 * io.overlaysdk.backend.support.rootfs.MergedRoot}: it plans all but the merging itself, in which
 * the backends differ ({@link io.overlaysdk.backend.support.rootfs.Merge}).
 *
 * <p>One invocation holds everything: {@code unshare} makes the namespaces, a constant script
 * mounts the layers and merges them ({@code merged-root.sh}), a second one completes and enters the
 * result in namespaces of its own ({@code inside.sh}), and all is unmounted in reverse.
 */
package io.overlaysdk.backend.support.rootfs;
