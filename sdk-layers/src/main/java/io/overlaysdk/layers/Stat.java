package io.overlaysdk.layers;

import io.overlaysdk.layers.LayerEntry.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;

/** What one lstat says. */
record Stat(
    int mode,
    long dev,
    long ino,
    long rdev,
    int links,
    long uid,
    long gid,
    long size,
    Instant modified) {

  // Names each attribute: "unix:*" would also look up the names of owner and group, for every file.
  private static final String ATTRIBUTES =
      "unix:mode,dev,ino,rdev,nlink,uid,gid,size,lastModifiedTime";
  private static final int TYPE = 0170000;

  /** The device and inode: equal for two names of one file. */
  record Key(long dev, long ino) {}

  static Stat of(Path file) {
    try {
      return read(file);
    } catch (IOException e) {
      throw UnreadableLayerException.of("looking at", file, e);
    }
  }

  /** Null where there is nothing. */
  static @Nullable Stat orNull(Path file) {
    try {
      return read(file);
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException e) {
      throw UnreadableLayerException.of("looking at", file, e);
    }
  }

  @SuppressWarnings("NullAway") // each attribute that was asked for is there
  private static Stat read(Path file) throws IOException {
    Map<String, Object> found = Files.readAttributes(file, ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
    return new Stat(
        (Integer) found.get("mode"),
        (Long) found.get("dev"),
        (Long) found.get("ino"),
        (Long) found.get("rdev"),
        (Integer) found.get("nlink"),
        Integer.toUnsignedLong((Integer) found.get("uid")),
        Integer.toUnsignedLong((Integer) found.get("gid")),
        (Long) found.get("size"),
        ((FileTime) found.get("lastModifiedTime")).toInstant());
  }

  Kind kind() {
    return switch (mode & TYPE) {
      case 0040000 -> Kind.DIRECTORY;
      case 0100000 -> Kind.FILE;
      case 0120000 -> Kind.SYMLINK;
      case 0020000 -> rdev == 0 ? Kind.WHITEOUT : Kind.CHARACTER_DEVICE;
      case 0060000 -> Kind.BLOCK_DEVICE;
      case 0010000 -> Kind.FIFO;
      default -> Kind.SOCKET;
    };
  }

  boolean isEmptyFile() {
    return size == 0 && kind() == Kind.FILE;
  }

  int permissions() {
    return mode & 07777;
  }

  Key key() {
    return new Key(dev, ino);
  }
}
