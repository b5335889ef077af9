package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.LayerReport;
import io.overlaysdk.OverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.LayerDirectory;
import io.overlaysdk.layers.LayerEntry;
import io.overlaysdk.layers.LayerEntry.Kind;
import io.overlaysdk.layers.Permissions;
import io.overlaysdk.layers.oci.TarEntry.Type;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;

/** Writes what lies in layers as members of an archive, and counts it. */
final class EntryWriter {
  private static final ContainerPath ROOT = ContainerPath.of("/");
  private static final byte[] ROOT_NAME = "./".getBytes(US_ASCII);

  private final TarWriter tar;
  private final Instant latest;
  private final TreeUse use;

  /** The first name of each file that has several. */
  private final Map<Object, byte[]> linked = new HashMap<>();

  private final List<ContainerPath> sockets = new ArrayList<>();
  private long entries;
  private long bytes;

  /**
   * @param latest nothing was modified after this
   * @param use what can be kept
   */
  EntryWriter(TarWriter tar, Instant latest, TreeUse use) {
    this.tar = tar;
    this.latest = latest;
    this.use = use;
  }

  LayerReport report(long whiteouts, long opaque) {
    return new LayerReport(entries, bytes, whiteouts, opaque, sockets, List.of());
  }

  void directory(LayerDirectory in, LayerEntry entry, OwnerMap owners) throws IOException {
    header(in, entry, owners, Type.DIRECTORY, TarEntry.NO_LINK, 0);
  }

  static UnsupportedException unsupported(LayerEntry entry, String why) {
    return new UnsupportedException(
        "a layer cannot hold "
            + entry.path()
            + ", which "
            + why
            + ". Bring the overlay into neutral form first, or remove the entry");
  }

  /** Writes anything but a directory. */
  void other(LayerDirectory directory, LayerEntry entry, OwnerMap owners) throws IOException {
    if (entry.kind() == Kind.SOCKET) {
      sockets.add(entry.path());
      return;
    }
    if (entry.links() > 1) {
      byte[] first = linked.putIfAbsent(entry.fileKey(), name(entry));
      if (first != null) {
        // with all attributes: some unpackers set those of the link on the file that it shares
        header(directory, entry, owners, Type.LINK, first, 0);
        return;
      }
    }
    switch (entry.kind()) {
      case FILE -> file(directory, entry, owners);
      case SYMLINK -> header(directory, entry, owners, Type.SYMLINK, directory.target(entry), 0);
      case CHARACTER_DEVICE ->
          header(directory, entry, owners, Type.CHARACTER, TarEntry.NO_LINK, 0);
      case BLOCK_DEVICE -> header(directory, entry, owners, Type.BLOCK, TarEntry.NO_LINK, 0);
      case FIFO -> header(directory, entry, owners, Type.FIFO, TarEntry.NO_LINK, 0);
      default -> throw new AssertionError(entry.kind());
    }
  }

  private void file(LayerDirectory directory, LayerEntry file, OwnerMap owners) throws IOException {
    if (directory.isMetacopy(file)) {
      throw unsupported(file, "has its attributes in this layer and its content in one below");
    }
    header(directory, file, owners, Type.FILE, TarEntry.NO_LINK, file.size());
    if (file.size() > 0) {
      try (SeekableByteChannel content = directory.read(file)) {
        if (!tar.content(content, file.size()) || content.size() != file.size()) {
          throw new OverlayException(
              "the file "
                  + file.path()
                  + " changed while the layer was written; close the session"
                  + " that uses the overlay \""
                  + file.file()
                  + "\" belongs to");
        }
      }
      bytes += file.size();
    }
  }

  private void header(
      LayerDirectory directory,
      LayerEntry entry,
      OwnerMap owners,
      Type type,
      byte[] link,
      long size)
      throws IOException {
    Permissions permissions = inContainer(directory, entry, owners);
    SortedMap<String, byte[]> attributes = directory.attributes(entry);
    Instant modified = earlier(entry.modified());
    write(
        entry.path(),
        new TarEntry(
            type,
            name(entry),
            link,
            permissions.mode(),
            permissions.uid(),
            permissions.gid(),
            size,
            modified,
            major(type, entry.device()),
            minor(type, entry.device()),
            attributes));
  }

  /** Writes an entry that may come from no layer; refused where it cannot be kept. */
  void write(ContainerPath path, TarEntry entry) throws IOException {
    use.require(path, entry);
    if (path.equals(ROOT) && !use.hasRoot()) {
      return;
    }
    tar.header(entry);
    entries++;
  }

  /** Writes a file that is in no layer. */
  void file(ContainerPath path, byte[] content, Instant modified) throws IOException {
    write(
        path,
        new TarEntry(
            Type.FILE,
            name(path, false),
            TarEntry.NO_LINK,
            0644,
            0,
            0,
            content.length,
            earlier(modified),
            0,
            0,
            use.attributesOfFile()));
    tar.content(Channels.newChannel(new ByteArrayInputStream(content)), content.length);
    bytes += content.length;
  }

  /** The mode, and the owners as the container sees them. */
  static Permissions inContainer(LayerDirectory directory, LayerEntry entry, OwnerMap owners) {
    Permissions found = directory.permissions(entry);
    if (found.uid() != entry.uid() || found.gid() != entry.gid()) {
      // the driver recorded what the container saw: there is nothing to map
      return found;
    }
    return new Permissions(
        found.mode(),
        owner(entry, "user", entry.uid(), owners.userInContainer(entry.uid())),
        owner(entry, "group", entry.gid(), owners.groupInContainer(entry.gid())));
  }

  private static long owner(LayerEntry entry, String what, long id, OptionalLong mapped) {
    return mapped.orElseThrow(
        () ->
            new UnsupportedException(
                entry.path()
                    + " belongs to the "
                    + what
                    + " "
                    + id
                    + " of the host, who has no number in the container; export it with fakeroot or"
                    + " as root, or say which one with an OwnerMap"));
  }

  Instant earlier(Instant time) {
    return time.isAfter(latest) ? latest : time;
  }

  /** The name in the archive: without the slash in front, with one behind for a directory. */
  static byte[] name(LayerEntry entry) {
    if (entry.name().length > 0 && LayerNames.isMarker(entry.name())) {
      throw unsupported(entry, "has a name that means a deleted file to whoever unpacks it");
    }
    return name(entry.path(), entry.isDirectory());
  }

  static byte[] name(ContainerPath path, boolean directory) {
    byte[] bytes = path.bytes();
    if (bytes.length == 1) {
      return ROOT_NAME;
    }
    byte[] name = new byte[bytes.length - 1 + (directory ? 1 : 0)];
    System.arraycopy(bytes, 1, name, 0, bytes.length - 1);
    if (directory) {
      name[name.length - 1] = '/';
    }
    return name;
  }

  private static boolean isDevice(Type type) {
    return type == Type.CHARACTER || type == Type.BLOCK;
  }

  private static int major(Type type, long device) {
    return isDevice(type) ? (int) (device >> 8 & 0xfff | device >> 32 & ~0xfff) : 0;
  }

  private static int minor(Type type, long device) {
    return isDevice(type) ? (int) (device & 0xff | device >> 12 & ~0xff) : 0;
  }
}
