package io.overlaysdk.layers.oci;

import io.overlaysdk.layers.Permissions;
import java.time.Instant;
import java.util.Collections;
import java.util.SortedMap;

/**
 * One member of an archive, as its headers say. Names and targets are bytes: no encoding is theirs.
 *
 * @param name the name, with a slash at the end for a directory
 * @param link the target of a link, else empty
 * @param mode the permissions, no type
 * @param size the length of what follows; zero for all but a file
 * @param xattrs the extended attributes by their full names
 */
record TarEntry(
    Type type,
    byte[] name,
    byte[] link,
    int mode,
    long uid,
    long gid,
    long size,
    Instant modified,
    int major,
    int minor,
    SortedMap<String, byte[]> xattrs) {

  static final byte[] NO_LINK = {};

  /** What a member is, with the flag that says so in its header. */
  enum Type {
    FILE('0'),
    LINK('1'),
    SYMLINK('2'),
    CHARACTER('3'),
    BLOCK('4'),
    DIRECTORY('5'),
    FIFO('6');

    private final byte flag;

    Type(char flag) {
      this.flag = (byte) flag;
    }

    byte flag() {
      return flag;
    }

    /** The type of this flag, or null where no layer may hold such a member. */
    static @Nullable Type of(byte flag) {
      for (Type type : values()) {
        if (type.flag == flag) {
          return type;
        }
      }
      return null;
    }
  }

  /** An empty file without an owner or a time of its own: what a marker of a layer is. */
  static TarEntry marker(byte[] name) {
    return new TarEntry(
        Type.FILE, name, NO_LINK, 0, 0, 0, 0, Instant.EPOCH, 0, 0, Collections.emptySortedMap());
  }

  /** A 0:0 character device, which drivers take for a deletion. */
  static TarEntry device(byte[] name, Permissions owner) {
    return new TarEntry(
        Type.CHARACTER,
        name,
        NO_LINK,
        0,
        owner.uid(),
        owner.gid(),
        0,
        Instant.EPOCH,
        0,
        0,
        Collections.emptySortedMap());
  }
}
