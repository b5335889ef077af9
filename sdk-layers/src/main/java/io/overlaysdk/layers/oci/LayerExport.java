package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.LayerReport;
import io.overlaysdk.OverlayException;
import io.overlaysdk.UnsupportedException;
import io.overlaysdk.layers.Layer;
import io.overlaysdk.layers.LayerDirectory;
import io.overlaysdk.layers.LayerEntry;
import io.overlaysdk.layers.LayerEntry.Kind;
import io.overlaysdk.layers.Permissions;
import io.overlaysdk.layers.oci.TarEntry.Type;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;

/** Goes through an upper directory once and writes what it finds. */
final class LayerExport {
  private static final ContainerPath ROOT = ContainerPath.of("/");
  private static final long LATEST_IN_SQUASHFS = (1L << 32) - 1;
  private static final List<String> KEPT = List.of("user.", "trusted.", "security.");

  /** A whiteout of nothing; {@link LayerWriter#neutralOver} says what for. */
  private static final byte[] OWNER = ".owner-of-the-root".getBytes(US_ASCII);

  private static final byte[] ROOT_NAME = "./".getBytes(US_ASCII);

  private final TarWriter tar;
  private final OwnerMap owners;
  private final Instant latest;

  /** What lies below an archive in neutral form; empty where it is a layer of an image. */
  private final Optional<List<Layer>> lowers;

  /** That of the root, in neutral form. */
  private Permissions owner;

  /** Whether anything in the archive has that owner. */
  private boolean named;

  /** The first name of each file that has several. */
  private final Map<Object, byte[]> linked = new HashMap<>();

  private final List<ContainerPath> sockets = new ArrayList<>();
  private long entries;
  private long bytes;
  private long whiteouts;
  private long opaque;

  LayerExport(TarWriter tar, OwnerMap owners, Instant latest, Optional<List<Layer>> lowers) {
    this.tar = tar;
    this.owners = owners;
    this.latest = latest;
    this.lowers = lowers;
  }

  LayerReport write(Layer layer) throws IOException {
    try (LayerDirectory root = layer.open()) {
      if (lowers.isPresent()) {
        owner = inContainer(root, root.self(), owners);
        contents(root, hidden(root, null));
        if (!named && (owner.uid() != 0 || owner.gid() != 0)) {
          tar.header(TarEntry.device(OWNER, owner));
        }
      } else {
        directory(root, root, false);
      }
    }
    tar.finish();
    return new LayerReport(entries, bytes, whiteouts, opaque, sockets, List.of());
  }

  /**
   * Writes a directory and all in it.
   *
   * @param cut nothing of the layers below is seen here anyway, so that no marker says anything
   */
  private void directory(LayerDirectory parent, LayerDirectory directory, boolean cut)
      throws IOException {
    refuseRedirect(directory);
    header(parent, directory.self(), Type.DIRECTORY, TarEntry.NO_LINK, 0);
    byte[] prefix = directory.path().equals(ROOT) ? new byte[0] : name(directory.self());
    boolean hides = cut || directory.isOpaque();
    if (hides && !cut) {
      tar.header(TarEntry.marker(LayerNames.opaque(prefix)));
      opaque++;
    }
    for (LayerEntry entry : markersFirst(directory, prefix, hides)) {
      if (entry.isDirectory()) {
        try (LayerDirectory child = directory.open(entry)) {
          directory(directory, child, hides);
        }
      } else {
        entry(directory, entry);
      }
    }
  }

  /** OCI: whiteouts stand before the entries of their directory. Returns those entries. */
  private List<LayerEntry> markersFirst(LayerDirectory directory, byte[] prefix, boolean hides)
      throws IOException {
    List<LayerEntry> rest = new ArrayList<>();
    for (LayerEntry entry : directory.entries()) {
      if (entry.kind() != Kind.WHITEOUT) {
        rest.add(entry);
      } else if (!hides) {
        if (LayerNames.isMarker(entry.name())) {
          throw unsupported(entry, "is deleted, and has a name that no layer can have");
        }
        tar.header(TarEntry.marker(LayerNames.whiteout(prefix, entry.name())));
        whiteouts++;
      }
    }
    return rest;
  }

  /**
   * Writes what is in a directory, in neutral form.
   *
   * @param hidden what the layers below have there, of which nothing is seen; null where it is
   *     seen, or nobody has looked because nothing needs to be hidden
   */
  private void contents(LayerDirectory directory, MergedDirectory hidden) throws IOException {
    for (LayerEntry entry : devicesFirst(directory, hidden)) {
      if (entry.isDirectory()) {
        try (LayerDirectory child = directory.open(entry);
            MergedDirectory lower = hidden(child, hidden)) {
          refuseRedirect(child);
          header(directory, entry, Type.DIRECTORY, TarEntry.NO_LINK, 0);
          contents(child, lower);
        }
      } else {
        entry(directory, entry);
      }
    }
  }

  private MergedDirectory hidden(LayerDirectory directory, MergedDirectory above) {
    if (above != null) {
      return above.open(directory.path());
    }
    if (!directory.isOpaque()) {
      return null;
    }
    MergedDirectory at = MergedDirectory.root(lowers.orElseThrow());
    for (ContainerPath part : RawPaths.parts(directory.path())) {
      try (MergedDirectory parent = at) {
        at = parent.open(part);
      }
    }
    opaque += at.isThere() ? 1 : 0;
    return at;
  }

  /**
   * Writes a device for each entry that is deleted, and for each of a directory of which nothing is
   * seen. Returns the other entries.
   */
  private List<LayerEntry> devicesFirst(LayerDirectory directory, MergedDirectory hidden)
      throws IOException {
    List<LayerEntry> rest = new ArrayList<>();
    SortedSet<ContainerPath> gone = new TreeSet<>();
    if (hidden != null) {
      gone.addAll(hidden.entries().keySet());
    }
    for (LayerEntry entry : directory.entries()) {
      if (entry.kind() == Kind.WHITEOUT) {
        gone.add(entry.path());
      } else {
        gone.remove(entry.path());
        rest.add(entry);
      }
    }
    for (ContainerPath path : gone) {
      byte[] name = Arrays.copyOfRange(path.bytes(), 1, path.bytes().length);
      if (LayerNames.isMarker(RawPaths.last(path))) {
        throw new UnsupportedException(
            path + " is deleted, and fuse-overlayfs would take its name for a marker");
      }
      tar.header(TarEntry.device(name, owner));
      named = true;
      whiteouts++;
    }
    return rest;
  }

  private static void refuseRedirect(LayerDirectory directory) {
    if (directory.redirect().isPresent()) {
      throw unsupported(
          directory.self(),
          "is a directory that the driver renamed from "
              + directory.redirect().get()
              + " without a copy of what is in it");
    }
  }

  private static UnsupportedException unsupported(LayerEntry entry, String why) {
    return new UnsupportedException(
        "a layer cannot hold "
            + entry.path()
            + ", which "
            + why
            + ". Bring the overlay into neutral form first, or remove the entry");
  }

  private void entry(LayerDirectory directory, LayerEntry entry) throws IOException {
    if (entry.kind() == Kind.SOCKET) {
      sockets.add(entry.path());
      return;
    }
    if (entry.links() > 1) {
      byte[] first = linked.putIfAbsent(entry.fileKey(), name(entry));
      if (first != null) {
        // with all attributes: some unpackers set those of the link on the file that it shares
        header(directory, entry, Type.LINK, first, 0);
        return;
      }
    }
    switch (entry.kind()) {
      case FILE -> file(directory, entry);
      case SYMLINK -> header(directory, entry, Type.SYMLINK, directory.target(entry), 0);
      case CHARACTER_DEVICE -> header(directory, entry, Type.CHARACTER, TarEntry.NO_LINK, 0);
      case BLOCK_DEVICE -> header(directory, entry, Type.BLOCK, TarEntry.NO_LINK, 0);
      case FIFO -> header(directory, entry, Type.FIFO, TarEntry.NO_LINK, 0);
      default -> throw new AssertionError(entry.kind());
    }
  }

  private void file(LayerDirectory directory, LayerEntry file) throws IOException {
    if (directory.isMetacopy(file)) {
      throw unsupported(file, "has its attributes in this layer and its content in one below");
    }
    header(directory, file, Type.FILE, TarEntry.NO_LINK, file.size());
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

  private void header(LayerDirectory directory, LayerEntry entry, Type type, byte[] link, long size)
      throws IOException {
    Permissions permissions = inContainer(directory, entry, owners);
    SortedMap<String, byte[]> attributes = directory.attributes(entry);
    for (String attribute : attributes.keySet()) {
      if (attribute.indexOf('=') >= 0) {
        throw unsupported(entry, "has an extended attribute \"" + attribute + "\" with a \"=\"");
      }
      if (lowers.isPresent()) {
        requireNeutral(entry, attribute);
      }
    }
    Instant modified = modified(entry, latest);
    if (lowers.isPresent()) {
      requireTime(entry, modified);
    }
    tar.header(
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
    entries++;
  }

  static LayerWriter.Root root(LayerDirectory root, OwnerMap owners, Instant latest) {
    LayerEntry self = root.self();
    root.attributes(self).keySet().stream()
        .findFirst()
        .ifPresent(
            attribute -> {
              throw new UnsupportedException(
                  "the root of "
                      + self.file()
                      + " has the attribute \""
                      + attribute
                      + "\", which cannot be kept there; remove it");
            });
    Instant modified = modified(self, latest);
    requireTime(self, modified);
    return new LayerWriter.Root(inContainer(root, self, owners), modified);
  }

  private static void requireTime(LayerEntry entry, Instant modified) {
    if (modified.getEpochSecond() < 0 || modified.getEpochSecond() > LATEST_IN_SQUASHFS) {
      throw new UnsupportedException(
          entry.path()
              + " was modified at "
              + modified
              + ", and a squashfs knows no time before 1970 or after 2106; set another with touch");
    }
  }

  private static Instant modified(LayerEntry entry, Instant latest) {
    return entry.modified().isAfter(latest) ? latest : entry.modified();
  }

  private static Permissions inContainer(
      LayerDirectory directory, LayerEntry entry, OwnerMap owners) {
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

  private static void requireNeutral(LayerEntry entry, String attribute) {
    if (KEPT.stream().noneMatch(attribute::startsWith) || EntryAttributes.isMarker(attribute)) {
      throw new UnsupportedException(
          entry.path()
              + " has the attribute \""
              + attribute
              + "\", which a squashfs cannot hold or another driver would obey; remove it");
    }
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

  /** The name in the archive: without the slash in front, with one behind for a directory. */
  private static byte[] name(LayerEntry entry) {
    byte[] path = entry.path().bytes();
    if (path.length == 1) {
      return ROOT_NAME;
    }
    if (LayerNames.isMarker(entry.name())) {
      throw unsupported(entry, "has a name that means a deleted file to whoever unpacks it");
    }
    byte[] name = new byte[path.length - 1 + (entry.isDirectory() ? 1 : 0)];
    System.arraycopy(path, 1, name, 0, path.length - 1);
    if (entry.isDirectory()) {
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
