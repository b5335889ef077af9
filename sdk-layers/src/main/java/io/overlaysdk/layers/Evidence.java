package io.overlaysdk.layers;

import io.overlaysdk.layers.LayerEntry.Kind;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Set;

/**
 * Who wrote a layer, by what only that driver leaves. Goes through the layer until something proves
 * fuse-overlayfs; only done where the answer decides something.
 *
 * <p>Proof of fuse-overlayfs: its attributes; its file for an opaque directory; a 0:0 device of
 * mode 0700 (the kernel's have mode 000, those of mknod the umask's). Else an empty {@code
 * .wh.NAME} of mode 0700 counts, which nobody makes by chance, unless an attribute proves the
 * kernel.
 */
final class Evidence {
  private boolean fuse;
  private boolean likelyFuse;
  private boolean kernel;

  private Evidence() {}

  static Evidence in(Layer layer) {
    Evidence evidence = new Evidence();
    Deque<Path> directories = new ArrayDeque<>();
    directories.push(layer.root());
    evidence.attributes(layer, layer.root(), Kind.DIRECTORY);
    while (!directories.isEmpty() && !evidence.fuse) {
      Path directory = directories.pop();
      try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
        for (Path file : stream) {
          evidence.entry(layer, file, directories);
        }
      } catch (DirectoryIteratorException e) {
        throw UnreadableLayerException.of("listing", directory, e.getCause());
      } catch (IOException e) {
        throw UnreadableLayerException.of("listing", directory, e);
      }
    }
    return evidence;
  }

  /** Whether empty {@code .wh.} files of mode 0700 are whiteouts. */
  boolean isFuse() {
    return fuse || likelyFuse && !kernel;
  }

  /** Whether the writer was one that keeps its markers where any user can read them. */
  boolean isReadable() {
    return isFuse() || kernel;
  }

  static boolean isSentinel(Stat stat) {
    return stat.isEmptyFile() && stat.permissions() == 0700;
  }

  private void entry(Layer layer, Path file, Deque<Path> directories) {
    if (fuse) {
      return;
    }
    Stat stat = Stat.of(file);
    Kind kind = stat.kind();
    if (kind == Kind.WHITEOUT) {
      fuse = stat.permissions() == 0700;
      return;
    }
    if (kind == Kind.DIRECTORY) {
      directories.push(file);
    } else if (isSentinel(stat)) {
      byte[] name = Names.bytes(file.getFileName());
      fuse = Arrays.equals(name, Listing.SENTINEL);
      likelyFuse |= Names.startsWith(name, Listing.WHITEOUT);
    }
    attributes(layer, file, kind);
  }

  private void attributes(Layer layer, Path file, Kind kind) {
    for (String name : readable(file, kind)) {
      fuse |= name.startsWith(Attributes.USER_FUSE);
      kernel |= name.startsWith(Attributes.USER_OVERLAY);
    }
    if (kind == Kind.DIRECTORY && layer.extended().isPresent()) {
      kernel |=
          layer.extended().get().of(file).keySet().stream()
              .anyMatch(name -> name.startsWith(Attributes.TRUSTED_OVERLAY));
    }
  }

  /** A file that this process may not read proves nothing; others will. */
  static Set<String> readable(Path file, Kind kind) {
    try {
      return UserAttributes.of(file, kind).keySet();
    } catch (UnreadableLayerException e) {
      if (kind == Kind.FILE && e.getCause() instanceof AccessDeniedException) {
        return Set.of();
      }
      throw e;
    }
  }
}
