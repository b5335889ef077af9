package io.overlaysdk.layers;

import io.overlaysdk.ContainerPath;
import java.nio.file.Path;
import java.time.Instant;

/**
 * One entry of a layer. The numbers are those of the host's file system, owners included; they are
 * looked up when the first of them is asked for, and kept.
 */
public final class LayerEntry {

  /** What an entry is. */
  public enum Kind {
    /** Hides what lower layers have at this path; nothing else. */
    WHITEOUT,
    FILE,
    DIRECTORY,
    SYMLINK,
    CHARACTER_DEVICE,
    BLOCK_DEVICE,
    FIFO,
    SOCKET
  }

  private static final ContainerPath ROOT = ContainerPath.of("/");

  private final ContainerPath parent;
  private final byte[] name;
  private final Path directory;
  private final Path fileName;
  private final Kind kind;
  private final boolean shadowing;
  private final long size;
  private @Nullable Stat stat;

  LayerEntry(
      ContainerPath parent,
      byte[] name,
      Path directory,
      Path fileName,
      Kind kind,
      long size,
      boolean shadowing) {
    this.parent = parent;
    this.name = name;
    this.directory = directory;
    this.fileName = fileName;
    this.kind = kind;
    this.size = size;
    this.shadowing = shadowing;
  }

  static LayerEntry root(Path root, Stat stat) {
    LayerEntry entry =
        new LayerEntry(ROOT, new byte[0], root, Path.of(""), Kind.DIRECTORY, stat.size(), false);
    entry.stat = stat;
    return entry;
  }

  /** Where it is in the container. That of a whiteout is the path that it hides. */
  public ContainerPath path() {
    return name.length == 0 ? parent : parent.resolve(name);
  }

  /** A copy of the bytes of its name; that of a whiteout is the name that it hides. */
  public byte[] name() {
    return name.clone();
  }

  /** Where it is on the host. That of a whiteout may have another name, {@code .wh.NAME}. */
  public Path file() {
    return directory.resolve(fileName);
  }

  public Kind kind() {
    return kind;
  }

  public boolean isDirectory() {
    return kind == Kind.DIRECTORY;
  }

  /** The permission bits, with those for set-user-id, set-group-id and sticky. */
  public int mode() {
    return stat().mode() & 07777;
  }

  public long uid() {
    return stat().uid();
  }

  public long gid() {
    return stat().gid();
  }

  /** The bytes of a file or of the target of a link. */
  public long size() {
    return size;
  }

  /** How many names the file has on the host: names of one file share {@link #fileKey}. */
  public int links() {
    return stat().links();
  }

  /** The device and inode on the host, as something that can be compared. */
  public Object fileKey() {
    return stat().key();
  }

  /** The number of a device, as {@code st_rdev} has it on Linux. */
  public long device() {
    return stat().rdev();
  }

  public Instant modified() {
    return stat().modified();
  }

  byte[] rawName() {
    return name;
  }

  ContainerPath parent() {
    return parent;
  }

  /** Where on the host the directory is in which it was found. */
  Path directory() {
    return directory;
  }

  Path fileName() {
    return fileName;
  }

  Stat stat() {
    if (stat == null) {
      stat = Stat.of(file());
    }
    return stat;
  }

  /** Whether a whiteout of the same name lies beside it, so that nothing below shows through. */
  boolean isShadowing() {
    return shadowing;
  }

  @Override
  public String toString() {
    return kind + " " + path();
  }
}
