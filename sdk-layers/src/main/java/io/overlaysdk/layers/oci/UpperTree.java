package io.overlaysdk.layers.oci;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.UnsupportedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The upper directory that an import makes. What is made has a parent that this class made itself
 * as a directory, and a name that was free: so no link that the layer plants is ever followed. Java
 * has no mkdirat and no linkat, but nobody else can reach the directory: the one above it is 0700.
 */
final class UpperTree {
  private static final int BLOCK = 4096;
  private static final Set<StandardOpenOption> NEW =
      Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);

  private final Path root;
  private final EntryAttributes attributes;
  private final @Nullable NodeMaker nodes;
  private final byte[] chunk = new byte[1 << 17];

  /** Every directory that was made; parents after what is in them, so that times stay. */
  private final Map<ContainerPath, TarEntry> directories = new TreeMap<>(Comparator.reverseOrder());

  UpperTree(Path root, ImportOptions options) throws IOException {
    this.root = root;
    this.nodes = options.nodes();
    Files.createDirectory(root);
    Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxr-xr-x"));
    this.attributes = new EntryAttributes(options, root);
  }

  boolean hasDirectory(ContainerPath path) {
    return path.equals(RawPaths.ROOT) || directories.containsKey(path);
  }

  Path file(ContainerPath path) {
    return RawPaths.on(root, path);
  }

  /** Whether anything lies there, directories included. */
  boolean has(ContainerPath path) {
    return Files.exists(file(path), LinkOption.NOFOLLOW_LINKS);
  }

  void directory(ContainerPath path, TarEntry entry) throws IOException, BadHeader {
    attributes.require(entry);
    if (!hasDirectory(path)) {
      Files.createDirectory(file(path));
    }
    directories.put(path, entry);
  }

  /** Makes anything but a directory, with all its attributes. */
  void other(ContainerPath path, TarEntry entry, TarReader tar) throws IOException, BadHeader {
    attributes.require(entry);
    Path file = file(path);
    switch (entry.type()) {
      case FILE -> content(file, entry.size(), tar);
      case SYMLINK -> symlink(file, entry);
      case CHARACTER, BLOCK, FIFO -> node(file, entry);
      default -> throw new AssertionError(entry.type());
    }
    attributes.set(file, entry);
  }

  private static void symlink(Path file, TarEntry entry) throws IOException, BadHeader {
    if (entry.link().length == 0 || entry.link().length > 4095) {
      throw new BadHeader("a symbolic link without a target, or with one that is too long");
    }
    Files.createSymbolicLink(file, RawPaths.target(entry.link()));
  }

  private void node(Path file, TarEntry entry) throws IOException, BadHeader {
    if (entry.type() == TarEntry.Type.CHARACTER && entry.major() == 0 && entry.minor() == 0) {
      throw new BadHeader("a character device 0:0, which overlay drivers take for a deletion");
    }
    if (nodes == null) {
      throw new UnsupportedException(
          "the layer has a "
              + entry.type()
              + " node, which Java cannot make. Import it with a"
              + " NodeMaker");
    }
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(file.toString());
    }
    if (entry.type() == TarEntry.Type.FIFO) {
      nodes.fifo(file);
    } else {
      boolean block = entry.type() == TarEntry.Type.BLOCK;
      nodes.device(file, block, entry.major(), entry.minor());
    }
  }

  /** A second name for something in this layer; the attributes are those of the first. */
  void link(ContainerPath path, ContainerPath target, ContainerPath parentOfTarget)
      throws IOException, BadHeader {
    if (!hasDirectory(parentOfTarget) || !has(target) || hasDirectory(target)) {
      throw new BadHeader(
          "a hard link to " + target + ", which is no file that stands before it in this layer");
    }
    Files.createLink(file(path), file(target));
  }

  /** Writes a new file; what is zero in it becomes a hole. */
  private void content(Path file, long size, TarReader tar) throws IOException, BadHeader {
    try (FileChannel out = FileChannel.open(file, NEW)) {
      long at = 0;
      while (at < size) {
        int length = fill(tar, (int) Math.min(chunk.length, size - at));
        write(out, at, length);
        at += length;
      }
      if (out.size() < size) {
        // the file ends in a hole: only a byte that is written makes it that long
        out.write(ByteBuffer.wrap(new byte[1]), size - 1);
      }
    }
  }

  private int fill(TarReader tar, int wanted) throws IOException, BadHeader {
    int filled = 0;
    while (filled < wanted) {
      filled += tar.read(chunk, filled, wanted - filled);
    }
    return filled;
  }

  /** Writes what of the chunk is not zero, in whole blocks. */
  private void write(FileChannel out, long at, int length) throws IOException {
    int start = 0;
    while (start < length) {
      int end = start;
      boolean zero = isZero(start, length);
      while (end < length && isZero(end, length) == zero) {
        end = Math.min(end + BLOCK, length);
      }
      if (!zero) {
        ByteBuffer data = ByteBuffer.wrap(chunk, start, end - start);
        while (data.hasRemaining()) {
          out.write(data, at + data.position());
        }
      }
      start = end;
    }
  }

  private boolean isZero(int start, int length) {
    // only whole blocks: a hole of a few bytes saves nothing
    if (start + BLOCK > length) {
      return false;
    }
    for (int i = start; i < start + BLOCK; i++) {
      if (chunk[i] != 0) {
        return false;
      }
    }
    return true;
  }

  /** Gives the directories their attributes, when nothing is made in them any more. */
  void finish() throws IOException {
    directories.forEach((path, entry) -> attributes.others(file(path), entry));
    if (nodes != null) {
      // a directory that its mode closes lets nobody set anything in it
      nodes.flush();
    }
    for (Map.Entry<ContainerPath, TarEntry> directory : directories.entrySet()) {
      attributes.set(file(directory.getKey()), directory.getValue());
    }
  }
}
