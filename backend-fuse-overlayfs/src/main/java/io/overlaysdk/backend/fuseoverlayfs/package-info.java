/**
 * The backend {@code fuse-overlayfs}: squashfuse and fuse2fs mount what lies in files,
 * fuse-overlayfs merges the layers, and unshare enters the result. Nothing is installed as root,
 * and a plain user needs no more than user namespaces and {@code /dev/fuse}.
 */
package io.overlaysdk.backend.fuseoverlayfs;
