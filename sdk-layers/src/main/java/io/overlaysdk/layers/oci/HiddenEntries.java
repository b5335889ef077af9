package io.overlaysdk.layers.oci;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.overlaysdk.ContainerPath;
import io.overlaysdk.UnsupportedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/** What a layer says is not to be seen, and how that is put into the upper directory. */
final class HiddenEntries {
  private static final byte[] YES = "y".getBytes(US_ASCII);

  private final UpperTree upper;
  private final ImportOptions options;
  private final SortedSet<ContainerPath> whiteouts = new TreeSet<>();
  private final SortedSet<ContainerPath> opaque = new TreeSet<>();

  HiddenEntries(UpperTree upper, ImportOptions options) {
    this.upper = upper;
    this.options = options;
  }

  /** Remembers a whiteout; false where there was one already. */
  boolean whiteout(ContainerPath path) {
    return whiteouts.add(path);
  }

  /** Remembers an opaque directory; false where it was one already. */
  boolean opaque(ContainerPath path) {
    return opaque.add(path);
  }

  /**
   * Writes what was remembered, when all entries of the layer are there. A whiteout speaks of the
   * layers below only: beside a directory of its name it makes that opaque, beside anything else it
   * says nothing that is not so anyway.
   */
  void write() throws IOException {
    for (ContainerPath path : List.copyOf(whiteouts)) {
      if (upper.has(path)) {
        whiteouts.remove(path);
        if (upper.hasDirectory(path)) {
          opaque.add(path);
        }
      }
    }
    if (!opaque.isEmpty()) {
      if (options.lowers().isEmpty()) {
        mark();
      } else {
        try (MergedDirectory root = MergedDirectory.root(options.lowers())) {
          find(RawPaths.ROOT, root, false);
        }
      }
    }
    makeWhiteouts();
  }

  /** Goes down to the opaque directories, and in them adds a whiteout for all that is not there. */
  private void find(ContainerPath path, MergedDirectory lower, boolean above) {
    boolean hides = above || opaque.contains(path);
    for (Map.Entry<ContainerPath, MergedDirectory.Seen> seen : lower.entries().entrySet()) {
      ContainerPath child = seen.getKey();
      if (upper.hasDirectory(child)) {
        if (seen.getValue().entry().isDirectory() && (hides || hasOpaqueBelow(child))) {
          try (MergedDirectory directory = lower.open(child)) {
            find(child, directory, hides);
          }
        }
      } else if (hides && !upper.has(child)) {
        whiteouts.add(child);
      }
    }
  }

  /** The order of paths puts what is in a directory directly behind it. */
  private boolean hasOpaqueBelow(ContainerPath path) {
    SortedSet<ContainerPath> behind = opaque.tailSet(path);
    return !behind.isEmpty() && isIn(path, behind.first());
  }

  private static boolean isIn(ContainerPath directory, ContainerPath path) {
    byte[] above = directory.bytes();
    byte[] bytes = path.bytes();
    return bytes.length >= above.length
        && Arrays.equals(above, 0, above.length, bytes, 0, above.length)
        && (bytes.length == above.length || bytes[above.length] == '/');
  }

  private void mark() throws IOException {
    for (ContainerPath path : opaque) {
      Path directory = upper.file(path);
      switch (options.dialect()) {
        case KERNEL_USERXATTR -> attribute(directory, "overlay.opaque");
        case FUSE -> {
          attribute(directory, "fuseoverlayfs.opaque");
          Path sentinel = Files.createFile(directory.resolve(".wh..wh..opq"));
          Files.setPosixFilePermissions(sentinel, PosixFilePermissions.fromString("rwx------"));
        }
        case KERNEL_TRUSTED ->
            require(
                    options.nodes(),
                    "marks " + path + " as root's kernel does, which needs a NodeMaker")
                .attribute(directory, "trusted.overlay.opaque", YES);
        default ->
            throw new UnsupportedException(
                "the layer makes "
                    + path
                    + " opaque: it hides what lower layers have there, and a"
                    + " neutral overlay says that with one whiteout for each. Give the layers with"
                    + " LayerReader.over, or a driver's dialect with LayerReader.in");
      }
    }
  }

  private static void attribute(Path directory, String name) throws IOException {
    Files.getFileAttributeView(directory, UserDefinedFileAttributeView.class)
        .write(name, ByteBuffer.wrap(YES));
  }

  /** One device with many names: to make one costs a process, to link it does not. */
  private void makeWhiteouts() throws IOException {
    Path made = null;
    for (ContainerPath path : whiteouts) {
      Path file = upper.file(path);
      if (made == null || !link(file, made)) {
        require(options.whiteouts(), "deletes " + path + ", which needs Whiteouts").create(file);
        made = file;
      }
    }
  }

  private static boolean link(Path file, Path made) throws IOException {
    try {
      Files.createLink(file, made);
      return true;
    } catch (FileAlreadyExistsException e) {
      throw e;
    } catch (FileSystemException e) {
      // it has as many names as a file may have: 65000 on ext4
      return false;
    }
  }

  private static <T> T require(@Nullable T maker, String what) {
    if (maker == null) {
      throw new UnsupportedException("the layer " + what + ": Java cannot make that");
    }
    return maker;
  }

  long whiteouts() {
    return whiteouts.size();
  }

  long opaques() {
    return opaque.size();
  }
}
