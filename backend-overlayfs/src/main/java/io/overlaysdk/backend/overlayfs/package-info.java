/**
 * The backend {@code overlayfs}: the kernel merges the layers, for a plain user in a user
 * namespace. It needs no container tool, only util-linux and Linux 5.11; what lies in files is
 * mounted with squashfuse and fuse2fs where they are, or as root through a loop device.
 */
package io.overlaysdk.backend.overlayfs;
