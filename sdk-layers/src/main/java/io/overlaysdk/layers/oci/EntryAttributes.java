package io.overlaysdk.layers.oci;

import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.oci.TarEntry.Type;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalLong;

/** Gives what was just made the owner, mode, attributes and time that its entry says. */
final class EntryAttributes {
  private static final String USER = "user.";

  /** What a driver reads as a marker, so that a layer could make it show any file of the base. */
  private static final String[] MARKERS = {
    "user.overlay.",
    "trusted.overlay.",
    "user.fuseoverlayfs.",
    "trusted.fuseoverlayfs.",
    "security.fuseoverlayfs.",
    "user.containers.override_stat"
  };

  private final OwnerMap owners;
  private final @Nullable NodeMaker nodes;
  private final int ownUser;
  private final int ownGroup;

  /**
   * Reads from {@code root} who owns what this process makes.
   *
   * @param root an empty directory that it has made
   */
  EntryAttributes(ImportOptions options, Path root) throws IOException {
    this.owners = options.owners();
    this.nodes = options.nodes();
    this.ownUser = (Integer) Files.getAttribute(root, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    this.ownGroup = (Integer) Files.getAttribute(root, "unix:gid", LinkOption.NOFOLLOW_LINKS);
  }

  /** Refuses what cannot be set, before anything is made. */
  void require(TarEntry entry) throws BadHeader {
    for (String name : entry.xattrs().keySet()) {
      if (isMarker(name)) {
        throw new BadHeader("the attribute \"" + name + "\", which overlay drivers obey");
      }
      boolean direct = name.startsWith(USER) && isFileOrDirectory(entry);
      if (!direct && nodes == null) {
        throw new UnsupportedException(
            "the layer sets the extended attribute \""
                + name
                + "\" of a "
                + entry.type()
                + "; Java can set those in user. of files and directories only. Import it with a"
                + " NodeMaker");
      }
    }
  }

  static boolean isMarker(String name) {
    return Arrays.stream(MARKERS).anyMatch(name::startsWith);
  }

  private static boolean isFileOrDirectory(TarEntry entry) {
    return entry.type() == Type.FILE || entry.type() == Type.DIRECTORY;
  }

  /**
   * Sets all of them, but for those of a directory that only {@link #others} can set. The order
   * matters: a change of owner clears the set-user-id bit and capabilities, and after the mode is
   * set a plain user may no longer open what it made.
   */
  @SuppressWarnings("NullAway") // it was checked that one is there for an entry that needs one
  void set(Path file, TarEntry entry) throws IOException {
    boolean node = !isFileOrDirectory(entry) && entry.type() != Type.SYMLINK;
    users(file, entry);
    if (!node) {
      Files.getFileAttributeView(file, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
          .setTimes(time(entry.modified()), null, null);
    }
    owner(file, entry);
    if (entry.type() != Type.SYMLINK) {
      // follows links, there is none: with NOFOLLOW_LINKS the JDK would open a device
      Files.setAttribute(file, "unix:mode", entry.mode());
    }
    if (entry.type() != Type.DIRECTORY) {
      others(file, entry);
    }
    if (node) {
      nodes.modified(file, entry.modified());
    }
  }

  /**
   * JDK 17 gives the kernel a negative count of nanoseconds for a fraction before 1970, is refused,
   * and sets 1970 instead: the whole second is nearer.
   */
  private static FileTime time(Instant time) {
    return FileTime.from(
        time.getEpochSecond() < 0 ? Instant.ofEpochSecond(time.getEpochSecond()) : time);
  }

  private void users(Path file, TarEntry entry) throws IOException {
    if (!isFileOrDirectory(entry) || entry.xattrs().isEmpty()) {
      return;
    }
    UserDefinedFileAttributeView view =
        Files.getFileAttributeView(
            file, UserDefinedFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    for (Map.Entry<String, byte[]> attribute : entry.xattrs().entrySet()) {
      if (attribute.getKey().startsWith(USER)) {
        view.write(
            attribute.getKey().substring(USER.length()), ByteBuffer.wrap(attribute.getValue()));
      }
    }
  }

  /** Sets the attributes that Java cannot. */
  @SuppressWarnings("NullAway") // it was checked that one is there for an entry that needs one
  void others(Path file, TarEntry entry) {
    entry
        .xattrs()
        .forEach(
            (name, value) -> {
              if (!name.startsWith(USER) || !isFileOrDirectory(entry)) {
                nodes.attribute(file, name, value);
              }
            });
  }

  private void owner(Path file, TarEntry entry) throws IOException {
    int uid = id("user", entry.uid(), owners.userOnHost(entry.uid()));
    int gid = id("group", entry.gid(), owners.groupOnHost(entry.gid()));
    try {
      if (uid != ownUser) {
        Files.setAttribute(file, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
      }
      if (gid != ownGroup) {
        Files.setAttribute(file, "unix:gid", gid, LinkOption.NOFOLLOW_LINKS);
      }
    } catch (FileSystemException e) {
      throw new UnsupportedException(
          "the layer has an entry of the owner "
              + entry.uid()
              + ":"
              + entry.gid()
              + ", which is "
              + Integer.toUnsignedString(uid)
              + ":"
              + Integer.toUnsignedString(gid)
              + " here, and that cannot be set ("
              + e.getReason()
              + "). Import it as root, with fakeroot, or say with an OwnerMap who this is",
          e);
    }
  }

  private static int id(String what, long id, OptionalLong mapped) {
    return (int)
        mapped.orElseThrow(
            () ->
                new UnsupportedException(
                    "the layer has an entry of the "
                        + what
                        + " "
                        + id
                        + ", who has no number on the host; import it with fakeroot or as root, or say"
                        + " which one with an OwnerMap"));
  }
}
