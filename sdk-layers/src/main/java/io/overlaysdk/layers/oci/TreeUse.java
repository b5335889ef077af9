package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.oci.TarEntry.Type;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What becomes of an archive, and so what can be in it: what would be lost is refused by name.
 * Found by trying mksquashfs 4.5.1 and GNU tar 1.34.
 */
public enum TreeUse {
  /** A layer of an OCI image. */
  OCI_LAYER,
  /**
   * A squashfs, made by {@code mksquashfs - FILE -tar}, which takes the attributes of the root from
   * its options.
   */
  SQUASHFS,
  /** A directory, unpacked by GNU tar as root, also root of a user namespace. */
  DIRECTORY,
  /** A directory, unpacked by GNU tar as a user to whom all of it will belong. */
  OWN_DIRECTORY;

  private static final long LATEST = 0xffffffffL;

  boolean hasRoot() {
    return this != SQUASHFS;
  }

  /**
   * Of a file that is in no layer. In a squashfs without any attribute the kernel (6.18) answers
   * whoever asks for attributes with an error, which a session on the layers did not.
   */
  SortedMap<String, byte[]> attributesOfFile() {
    return this == SQUASHFS
        ? new TreeMap<>(Map.of("user.overlay-sdk", "history".getBytes(US_ASCII)))
        : Collections.emptySortedMap();
  }

  /**
   * @throws UnsupportedException where it would not be kept
   */
  void require(ContainerPath path, TarEntry entry) {
    require(path, entry.modified(), entry.xattrs());
    if (this == OWN_DIRECTORY) {
      requireOwn(path, entry);
    }
  }

  /**
   * @throws UnsupportedException where these would not be kept
   */
  void require(ContainerPath path, Instant modified, SortedMap<String, byte[]> attributes) {
    attributes.forEach((name, value) -> requireAttribute(path, name, value));
    if (this == SQUASHFS) {
      if (modified.getEpochSecond() < 0 || modified.getEpochSecond() > LATEST) {
        throw refused(path, "was modified at " + modified + ", and a squashfs has 1970-2106");
      }
      if (path.bytes().length == 1 && !attributes.isEmpty()) {
        throw refused(path, "has extended attributes, which mksquashfs cannot be given for it");
      }
    }
  }

  private void requireAttribute(ContainerPath path, String name, byte[] value) {
    String what = "has an extended attribute \"" + name + "\"";
    if (name.indexOf('=') >= 0) {
      throw refused(path, what + " with a \"=\"");
    }
    boolean user = name.startsWith("user.");
    boolean kept =
        switch (this) {
          case OCI_LAYER -> true;
          case SQUASHFS, DIRECTORY ->
              user || name.startsWith("trusted.") || name.startsWith("security.");
          case OWN_DIRECTORY -> user;
        };
    if (this == SQUASHFS && EntryAttributes.isMarker(name)) {
      throw refused(path, what + ", which drivers would obey");
    }
    if (!kept) {
      throw refused(path, what + ", which " + this + " cannot hold");
    }
    if (this == SQUASHFS && value.length == 0) {
      throw refused(path, what + " without a value, which mksquashfs cannot read");
    }
  }

  private static void requireOwn(ContainerPath path, TarEntry entry) {
    if (entry.uid() != 0 || entry.gid() != 0) {
      throw refused(
          path,
          "belongs to "
              + entry.uid()
              + ":"
              + entry.gid()
              + ", and a plain user can give files to nobody; do it with fakeroot, or as root");
    }
    if (entry.type() == Type.CHARACTER || entry.type() == Type.BLOCK) {
      throw refused(path, "is a device, which only root can make");
    }
  }

  private static UnsupportedException refused(ContainerPath path, String why) {
    return new UnsupportedException(
        "cannot keep " + path + ", which " + why + ". Remove that, or write to another kind");
  }
}
